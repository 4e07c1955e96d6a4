"""Landing, working and quarantine as folders behind a real S3 server, and the text of landing files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mypy_boto3_s3 import S3Client

from catalog import AUTHORS, DATASETS, REVIEWS
from contract.ledger import LedgerLine
from contract.plan import LandingObject
from lambdas.shared.environment import Environment
from lambdas.shared.run import Run

AUTHORS_CSV = (",".join(AUTHORS.column_names) + "\n1,Ann,,,4.5,2,1,2020-02-19 21:38:16\n").encode()
REVIEWS_CSV = (",".join(REVIEWS.column_names) + "\n").encode()


@dataclass(frozen=True)
class LocalZones:
    """The buckets of one test."""

    folder: Path
    s3: S3Client
    environment: Environment

    def run(self, run_id: str = "r1", environment: Environment | None = None) -> Run:
        """A run over these zones, with other settings if they are given."""
        return Run(run_id, self.s3, environment or self.environment)

    def land(self, key: str, content: bytes = AUTHORS_CSV) -> None:
        """Put an object into landing, or overwrite it."""
        self.s3.put_object(Bucket=self.environment.landing_bucket, Key=key, Body=content)

    def landed(self) -> list[str]:
        return self.keys(self.environment.landing_bucket)

    def keys(self, bucket: str) -> list[str]:
        """The keys of a bucket, sorted."""
        root = self.folder / bucket
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())

    def content(self, bucket: str, key: str) -> bytes:
        return (self.folder / bucket / key).read_bytes()

    def before(self, operation: str, action: Callable[[dict[str, Any]], None]) -> None:
        """Call `action` with each request of that S3 operation just before it is sent."""

        def on_event(params: dict[str, Any], **_: object) -> None:
            action(params)

        self.s3.meta.events.register(f"before-call.s3.{operation}", on_event)


def landing_object(key: str, size: int = 1, modified: str = "2020-02-19T21:38:16+00:00") -> LandingObject:
    """An object as a listing shows it; its ETag is made of its key."""
    return LandingObject(key, f'"{key}"', size, modified)


def ledger_of(run_id: str, **rows: int) -> list[LedgerLine]:
    """A line for each of the four datasets; `rows` are counts that differ from zero."""
    return [LedgerLine(run_id=run_id, dataset=dataset.name, **rows) for dataset in DATASETS]
