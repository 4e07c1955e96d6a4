"""One run as the functions see it: its name, its settings, its zones, and the documents that it keeps in them."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import boto3

from contract.keys import REASON, landed_key, receipt_key, receipts_prefix, unreadable_prefix
from contract.plan import Part, Plan, PlannedFile, Reason, Unreadable
from lambdas.shared.environment import Environment
from lambdas.shared.zone import Zone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Receipt:
    """A landing object that was copied; to quarantine if it has a `problem`, in `parts` if there are any."""

    key: str
    etag: str
    problem: str | None = None
    parts: tuple[Part, ...] = ()

    @classmethod
    def from_entry(cls, entry: dict[str, Any]) -> "Receipt":
        """What `asdict` makes of a receipt, read back."""
        return cls(**{**entry, "parts": tuple(Part(**part) for part in entry["parts"])})


@dataclass(frozen=True)
class Run:
    """A run, named `run_id`; every method writes and reads documents of this run only."""

    run_id: str
    s3: "S3Client"
    environment: Environment

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Run":
        """The run of an event, with the settings of the function's environment."""
        return cls(event["run_id"], boto3.client("s3"), Environment.read())

    @property
    def landing(self) -> Zone:
        """Where files land."""
        return Zone(self.s3, self.environment.landing_bucket)

    @property
    def working(self) -> Zone:
        """Where copies of the files are, and the documents of the run."""
        return Zone(self.s3, self.environment.working_bucket)

    @property
    def quarantine(self) -> Zone:
        """Where rejected rows and unusable files are."""
        return Zone(self.s3, self.environment.quarantine_bucket)

    def read_plan(self, key: Callable[[str], str]) -> Plan:
        """The plan under one of the keys of contract/keys.py."""
        return Plan.from_json(self.working.read(key(self.run_id)))

    def write_plan(self, key: Callable[[str], str], plan: Plan) -> None:
        """Keep a plan under one of the keys of contract/keys.py."""
        self.working.write(key(self.run_id), plan.to_json().encode())

    def write_landed(self, plan: Plan) -> None:
        """Keep keys and ETags of a plan's files, for Redshift."""
        self.working.write(landed_key(self.run_id), plan.landed_csv().encode())

    def write_receipts(self, batch: int, receipts: Iterable[Receipt]) -> None:
        """Keep what a copy task has copied, in place of what an earlier try has written."""
        body = json.dumps([asdict(receipt) for receipt in receipts])
        self.working.write(receipt_key(self.run_id, batch), body.encode())

    def receipts(self) -> list[Receipt]:
        """Every object that was copied."""
        documents = self.working.read_below(receipts_prefix(self.run_id))
        return [Receipt.from_entry(entry) for document in documents for entry in json.loads(document)]

    def explain(self, file: PlannedFile) -> None:
        """Say beside a file in quarantine why it is there; nothing if it has no problem."""
        if file.problem:
            reason = Reason(key=file.key, etag=file.etag, size=file.size, problem=file.problem)
            self.quarantine.write(f"{file.target}{REASON}", json.dumps(asdict(reason)).encode())

    def unreadable(self) -> list[Unreadable]:
        """The files that the Spark job could not read, as the job has written them down."""
        documents = self.quarantine.read_below(unreadable_prefix(self.run_id))
        return [Unreadable(**json.loads(line)) for document in documents for line in document.splitlines()]
