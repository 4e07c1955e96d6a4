"""One run as the functions see it: its name, its settings, its zones, and its documents in the zones."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import boto3

from contract.keys import REASON, landed_key, receipt_key, receipts_prefix, remarks_prefix, unreadable_prefix
from contract.plan import Plan, PlannedFile, Reason, Remark, Unreadable
from lambdas.shared.environment import Environment
from lambdas.shared.zone import Zone

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Receipt:
    """An object to delete from landing: a copied file or a marker."""

    key: str
    etag: str


@dataclass(frozen=True)
class Run:
    """A run, named `run_id`; every method reads and writes only documents of this run."""

    run_id: str
    s3: "S3Client"
    environment: Environment

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Run":
        """The run that an event names, with the settings of the function's environment."""
        return cls(event["run_id"], boto3.client("s3"), Environment.read())

    @property
    def landing(self) -> Zone:
        """The zone where files land."""
        return Zone(self.s3, self.environment.landing_bucket)

    @property
    def working(self) -> Zone:
        """The zone of the copies and of the run's documents."""
        return Zone(self.s3, self.environment.working_bucket)

    @property
    def quarantine(self) -> Zone:
        """The zone of rejected rows and unusable files."""
        return Zone(self.s3, self.environment.quarantine_bucket)

    @property
    def reports(self) -> Zone:
        """The zone of the runs' documents and pages."""
        return Zone(self.s3, self.environment.reports_bucket)

    def read_plan(self, key: Callable[[str], str]) -> Plan:
        """The plan under one of the keys of contract/keys.py."""
        return Plan.from_json(self.working.read(key(self.run_id)))

    def write_plan(self, key: Callable[[str], str], plan: Plan) -> None:
        """Keep a plan under one of the keys of contract/keys.py."""
        self.working.write(key(self.run_id), plan.to_json().encode())

    def write_landed(self, plan: Plan) -> None:
        """Keep the keys and ETags of a plan's files for Redshift."""
        self.working.write(landed_key(self.run_id), plan.landed_csv().encode())

    def write_receipts(self, batch: int, receipts: Iterable[Receipt]) -> None:
        """Keep the receipts of a copy task; they replace those of an earlier try."""
        body = json.dumps([asdict(receipt) for receipt in receipts])
        self.working.write(receipt_key(self.run_id, batch), body.encode())

    def receipts(self) -> list[Receipt]:
        """The receipts of all copied objects."""
        documents = self.working.read_below(receipts_prefix(self.run_id))
        return [
            Receipt(entry["key"], entry["etag"]) for document in documents for entry in json.loads(document)
        ]

    def explain(self, file: PlannedFile) -> None:
        """Write the reason beside a file in quarantine; nothing for a file without a problem."""
        if file.problem:
            reason = Reason(key=file.key, etag=file.etag, size=file.size, problem=file.problem)
            self.quarantine.write(f"{file.target}{REASON}", json.dumps(asdict(reason)).encode())

    def unreadable(self) -> list[Unreadable]:
        """The Spark job's list of the files that it could not read."""
        return [Unreadable(**entry) for entry in self._lines(unreadable_prefix(self.run_id))]

    def remarks(self) -> list[Remark]:
        """The Spark job's remarks about files that it has read."""
        return [Remark(**entry) for entry in self._lines(remarks_prefix(self.run_id))]

    def _lines(self, prefix: str) -> list[dict[str, Any]]:
        """The entries of JSON lines in quarantine."""
        documents = self.quarantine.read_below(prefix)
        return [json.loads(line) for document in documents for line in document.splitlines()]
