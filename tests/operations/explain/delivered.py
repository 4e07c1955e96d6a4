"""A warehouse, an archive and quarantine that runs have filled, without a Spark session and without a deployment."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from catalog import AUTHORS, DATASETS, Dataset, Type
from contract.keys import copied_key, dataset_folder, file_name, run_folder
from contract.plan import Plan, PlannedFile
from operations.explain.explaining import Explanation, explain
from operations.explain.stored import Stored
from operations.forget.subject import Subject
from operations.warehouse import Result
from operations.zones import Zones
from sql import statements
from tests.e2e.records import csv_file
from tests.local_cloud.redshift.conftest import Session
from tests.sql.deliveries import Delivery, write
from tests.sql.staged import Staged

ROLE = "arn:aws:iam::123456789012:role/copy"
BAD = "bad"
"""The text of a rating that no rule accepts."""


class Author(NamedTuple):
    """A record of an author: the hour of its capture, its name, and whether it is rejected."""

    key: int
    hour: int
    name: str
    is_bad: bool = False

    @property
    def captured(self) -> datetime:
        return datetime(2020, 2, 19, self.hour, tzinfo=UTC)

    @property
    def fields(self) -> dict[str, str]:
        rating = BAD if self.is_bad else "4.5"
        captured = f"{self.captured:%Y-%m-%d %H:%M:%S}"
        return {
            "author_id": str(self.key),
            "name": self.name,
            "average_rating": rating,
            "record_create_timestamp": captured,
        }


@dataclass
class Delivered:
    """Does with each delivery what a run does: the files in the archive, the rows in the warehouse, the rejects in quarantine."""

    session: Session
    zones: Zones
    buckets: Path
    runs: list[str] = field(default_factory=list)

    def empty(self) -> None:
        """Forget every run, and empty the zones."""
        Staged(self.session).empty()
        for zone in (self.zones.working, self.zones.quarantine):
            for item in self.zones.s3.list_objects_v2(Bucket=zone).get("Contents", []):
                self.zones.s3.delete_object(Bucket=zone, Key=item["Key"])
        self.runs.clear()

    def deliver(self, authors: Sequence[Author]) -> str:
        """Publish a run with one file of these records; the run's name."""
        return self.deliver_fields(
            AUTHORS, [each.fields for each in authors], [each.is_bad for each in authors]
        )

    def deliver_fields(
        self, dataset: Dataset, records: Sequence[Mapping[str, str]], are_bad: Sequence[bool] = ()
    ) -> str:
        """Publish a run with one file of these records, of which some are rejected; the run's name."""
        run = f"r{len(self.runs) + 1}"
        self.runs.append(run)
        bad = [number for number, is_bad in enumerate(are_bad, 1) if is_bad]
        self._archive(run, dataset, csv_file(records, dataset))
        self._quarantine(run, dataset, {number: records[number - 1] for number in bad})
        good = [_typed(dataset, each) for number, each in enumerate(records, 1) if number not in bad]
        rows = {each.name: good if each is dataset else [] for each in DATASETS}
        write(Delivery(rows, len(bad)), run, len(self.runs), self.buckets)
        self.session.run(*statements.load_staging(f"s3://processed/{run_folder(run)}", ROLE))
        self.session.run(*(statement.replace("{}", run) for statement in statements.publish()))
        return run

    def _archive(self, run: str, dataset: Dataset, content: bytes) -> None:
        prefix = dataset_folder(run, dataset.name)
        key = f"{dataset.name}.csv"
        file = PlannedFile(key=key, etag=run, size=1, target=prefix + file_name(0, key), dataset=dataset.name)
        self.put(self.zones.working, copied_key(run), Plan(run_id=run, files=(file,)).to_json().encode())
        self.put(self.zones.working, file.target, content)

    def _quarantine(self, run: str, dataset: Dataset, rejects: Mapping[int, Mapping[str, str]]) -> None:
        prefix = dataset_folder(run, dataset.name)
        lines = [
            json.dumps(
                {
                    "run_id": run,
                    "dataset": dataset.name,
                    "file": f"s3://{self.zones.working}/{prefix}00000-{dataset.name}.csv",
                    "record": number,
                    "violations": [{"column": "average_rating", "rule": "type", "value": BAD}],
                    "row": row,
                    "raw": None,
                }
            )
            for number, row in rejects.items()
        ]
        if lines:
            self.put(
                self.zones.quarantine,
                f"{run_folder(run)}/{dataset.name}/part-0.json",
                "\n".join(lines).encode(),
            )

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self.zones.s3.put_object(Bucket=bucket, Key=key, Body=content)

    def explained(self, key: int, *, dataset: Dataset = AUTHORS, most: int = 10**9) -> Explanation:
        return explain(Subject(dataset, key), Stored(self.ask), self.zones, most)

    def ask(self, sql: str, parameters: Mapping[str, str]) -> Result:
        """As the Data API answers: names, and values."""
        identifier = self.session.run(sql, **parameters)
        names = [
            column["name"]
            for column in self.session.engine.get_statement_result({"Id": identifier})["ColumnMetadata"]
        ]
        return names, self.session.rows(sql, **parameters)


_TYPED: Mapping[Type, Callable[[str], Any]] = {
    Type.BIGINT: int,
    Type.INTEGER: int,
    Type.RATING: Decimal,
    Type.TIMESTAMP: lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    Type.TEXT: str,
}


def _typed(dataset: Dataset, fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        column.name: _TYPED[column.type](fields[column.name]) if column.name in fields else None
        for column in dataset.columns
    }
