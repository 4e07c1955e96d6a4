"""The folder that holds everything an endpoint keeps: buckets, warehouse, executions, logs, mail."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from local_cloud.addresses import Addresses
from local_cloud.documents import write_document
from local_cloud.errors import LocalCloudError


@dataclass(frozen=True)
class Running:
    """The endpoint that serves a state folder now; `purpose` is the command that started it, `up` for one that stays."""

    pid: int
    purpose: str
    url: str
    s3_url: str

    @property
    def addresses(self) -> Addresses:
        """Where it listens."""
        return Addresses(self.url, self.s3_url)


@dataclass(frozen=True)
class StateFolder:
    """Paths below one root. An object of bucket b with key k is the file `buckets/b/k`."""

    root: Path

    @property
    def buckets(self) -> Path:
        """A folder for each bucket."""
        return self._folder("buckets")

    @property
    def warehouse(self) -> Path:
        """The DuckDB file behind the Redshift Data API."""
        return self.root / "warehouse.duckdb"

    @property
    def executions(self) -> Path:
        """A JSON document for each execution that has ended."""
        return self._folder("executions")

    @property
    def tables(self) -> Path:
        """A JSON document for each DynamoDB table."""
        return self._folder("tables")

    @property
    def functions(self) -> Path:
        """The unpacked code of the Lambda functions, by digest."""
        return self._folder("functions")

    @property
    def assembly(self) -> Path:
        """What `cdk synth` wrote last."""
        return self.root / "cdk.out"

    @property
    def permissions(self) -> Path:
        """Which calls were judged, and the policies that decided."""
        return self._folder("permissions")

    @property
    def logs(self) -> Path:
        """A log for each Lambda function and each EMR step."""
        return self._folder("logs")

    @property
    def mail(self) -> Path:
        """The e-mails that topics have sent, a file each."""
        return self._folder("mail")

    @property
    def shelves(self) -> Path:
        """What is remembered of the shelves that runs have followed; it is made by the first of these runs."""
        return self.root / "shelves"

    def running(self) -> Running | None:
        """The endpoint that serves this folder now, if one does."""
        try:
            found = Running(**json.loads(self._endpoint_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        return found if psutil.pid_exists(found.pid) and self._is_locked() else None

    def announce(self, endpoint: Running) -> None:
        """Write down which process serves this folder, and its addresses."""
        write_document(self._endpoint_file, asdict(endpoint))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder for this process; LocalCloudError if another process has it."""
        self.root.mkdir(parents=True, exist_ok=True)
        lock = self._lock()
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise LocalCloudError(self._in_use()) from None
        try:
            yield
        finally:
            self._endpoint_file.unlink(missing_ok=True)
            lock.release()

    def _in_use(self) -> str:
        holder = self.running()
        who = (
            f"`{holder.purpose}`, process {holder.pid}, serves it"
            if holder
            else "another process is starting on it"
        )
        return f"the state folder {self.root} is in use: {who}. Wait for it to end, or give another folder: --state"

    def _is_locked(self) -> bool:
        lock = self._lock()
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return True
        lock.release()
        return False

    def _lock(self) -> FileLock:
        return FileLock(self.root / "lock")

    @property
    def _endpoint_file(self) -> Path:
        return self.root / "endpoint.json"

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
