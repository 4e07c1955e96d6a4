"""Starts all parts of the demo and stops them again; the collector and the uploader run as separate processes."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from capture.errors import CaptureError
from capture.simulated import ALL, Fault, SimulatedGoodreads, simulated_goodreads
from contract.keys import bucket_name
from demo.figures import Observer
from local_cloud import account, deploy
from local_cloud.addresses import REGION
from local_cloud.endpoint import serving
from local_cloud.errors import LocalCloudError
from local_cloud.events import Schedule
from local_cloud.processes import end_tree, start
from local_cloud.state import StateFolder
from local_cloud.synthesis import synthesize
from operations.executions import StateMachine
from spark_jobs.conf import SPARK_CONF
from stacks import ROOT

_LAST_LINES = 5

MACHINE = "goodreads"
_SETTINGS = {
    "schedule_minutes": "1",
    "statement_poll_seconds": "1",
}  # a minute is EventBridge's shortest period
_FAULTS = {
    Fault.SERVER_ERROR: 0.03,
    Fault.TOO_MANY_REQUESTS: 0.02,
    Fault.RESET: 0.02,
    Fault.TRUNCATED: 0.02,
    Fault.SLOW: 0.01,
}
_FAULTS_OF_FEEDS = {Fault.SHORT_PAGE: 0.03, Fault.SHIFTED: 0.03, Fault.UNCLOSED_TAG: 0.01}
_READERS = 12


class DemoError(CaptureError):
    """A part of the demo did not do its work; the message names the part and its log."""


class Worker:
    """Runs `python -m capture <arguments>` in the environment of this process; its output goes to a log."""

    def __init__(self, name: str, arguments: list[str], log: Path) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "capture", *arguments]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; its output is appended to the log."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = start(self._command, cwd=ROOT, stdout=log, stderr=log)

    def kill(self) -> None:
        """End the process at once, as a crash would: it finishes nothing and tidies nothing up."""
        process = self._started()
        process.kill()
        process.wait()

    def check(self) -> None:
        """Raise DemoError if the process has ended by itself."""
        if (code := self._started().poll()) is not None:
            raise DemoError(f"the {self.name} has ended with {code}: {self._said()}")

    def finish(self, seconds: float) -> None:
        """Stop the process with SIGTERM and wait up to `seconds` while it finishes its open work.

        Raises DemoError if it fails or takes longer.
        """
        process = self._started()
        process.terminate()
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DemoError(f"the {self.name} has not ended within {seconds:.0f} s: {self._said()}") from None
        if code:
            raise DemoError(f"the {self.name} has ended with {code}: {self._said()}")

    def close(self) -> None:
        """End the process and its children, if they still run."""
        if self._process:
            end_tree(self._process)

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise DemoError(f"the {self.name} was not started")
        return self._process

    def _said(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " / ".join(lines[-_LAST_LINES:]) + f" (log: {self._log})"


@dataclass(frozen=True)
class Stage:
    """All parts of the demo, running. `schedule` starts a run each minute until it is closed."""

    folder: StateFolder
    goodreads: SimulatedGoodreads
    collector: Worker
    uploader: Worker
    schedule: Schedule
    observer: Observer


@contextmanager
def stage(root: Path, *, api: bool) -> Iterator[Stage]:
    """Context manager that starts everything with an empty warehouse; reviews come from the readers' feeds or, with `api`, from the API.

    The folder `root` is emptied first; afterwards it keeps the warehouse and the logs.
    """
    folder = _emptied(root)
    landing = bucket_name(MACHINE, "landing", account.ACCOUNT, REGION)
    with ExitStack() as stack:
        stack.enter_context(serving(folder, "demo", spark=SPARK_CONF))
        synthesize(folder.assembly, _SETTINGS)
        deploy.apply(folder.assembly, account.ACCOUNT, REGION)
        faults = _FAULTS if api else _FAULTS | _FAULTS_OF_FEEDS
        goodreads = stack.enter_context(simulated_goodreads(faults=faults, slow_seconds=2, users=_READERS))
        collector, uploader = _workers(root, goodreads, landing, api=api)
        for worker in (collector, uploader):
            stack.callback(worker.close)
            worker.start()
        schedule = stack.enter_context(closing(Schedule()))
        schedule.start()
        machine = StateMachine(boto3.client("stepfunctions"), MACHINE)
        observer = Observer(goodreads, root / "spool", folder.buckets / landing, machine)
        yield Stage(folder, goodreads, collector, uploader, schedule, observer)


def _emptied(root: Path) -> StateFolder:
    folder = StateFolder(root)
    if running := folder.running():
        raise LocalCloudError(f"a demo is already running as process {running.pid}; wait for it to end")
    shutil.rmtree(root, ignore_errors=True)
    return folder


def _workers(root: Path, goodreads: SimulatedGoodreads, landing: str, *, api: bool) -> tuple[Worker, Worker]:
    spool = str(root / "spool")
    where = ["--base-url", goodreads.url, "--spool", spool]
    # By default there is 1 request a second, a look at the API's feed every 30 s, at a shelf every 10 minutes, at a whole shelf each day,
    # and a file is finished after 5 minutes.
    quick = ["--rate", "20", "--poll", "1s" if api else "3s", "--max-file-age", "15s"]
    if api:
        source = ["collect", "--key", "any", *where, *quick]
    else:
        readers = map(str, goodreads.readers)
        source = ["follow", *readers, "--shelf", ALL, "--whole-every", "1m", *where, *quick]
    upload = ["upload", "--spool", spool, "--to", f"s3://{landing}", "--every", "2s"]
    return (
        Worker(name := "collector" if api else "follower", source, root / "logs" / f"{name}.log"),
        Worker("uploader", upload, root / "logs" / "uploader.log"),
    )
