"""A landing-to-processed workbench on a folder."""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from catalog import dataset_named
from contract.keys import REMARKS, copied_key, dataset_folder, empty_folder
from contract.ledger import Counts
from contract.plan import Plan, PlannedFile
from spark_jobs.job import Job
from spark_jobs.transform import run

Row = dict[str, str]

RUN_ID = "run-1"
VALID: dict[str, Row] = {
    "authors": {"author_id": "1", "record_create_timestamp": "2020-02-19 21:38:16"},
    "books": {"book_id": "1", "record_create_timestamp": "2020-02-19 21:38:16"},
    "reviews": {"review_id": "1", "record_create_timestamp": "2020-02-19 21:38:16"},
    "users": {"user_id": "1", "record_create_timestamp": "2020-02-19 21:38:16"},
}


def csv_bytes(columns: Sequence[str], rows: Sequence[Row], *, end: str = "\n") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@dataclass(frozen=True)
class Workbench:
    """A working, a processed and a quarantine zone below one folder."""

    spark: SparkSession
    root: Path
    files: dict[str, PlannedFile] = field(default_factory=dict)
    """The plan's files, by key in landing."""

    @property
    def job(self) -> Job:
        return Job(
            run_id=RUN_ID,
            fencing_token=7,
            started=datetime(2020, 2, 20, tzinfo=UTC),
            plan=f"file://{self.root}/working/{copied_key(RUN_ID)}",
            processed=f"{self.root}/processed",
            quarantine=f"{self.root}/quarantine",
        )

    def land(self, dataset: str, content: bytes, *, name: str = "a.csv") -> None:
        """Put a file of that content into the dataset's folder."""
        key = f"{dataset}/{name}"
        path = self.plan(key, dataset, folder=dataset_folder(RUN_ID, dataset))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        self.files[key] = replace(self.files[key], size=path.stat().st_size)

    def cut_off(self, path: Path, size: int) -> None:
        """Take the last bytes of a file that has landed so."""
        path.write_bytes(path.read_bytes()[:-size])
        (key,) = (key for key, file in self.files.items() if self._working / file.target == path)
        self.files[key] = replace(self.files[key], size=path.stat().st_size)

    def plan(
        self,
        key: str,
        dataset: str | None,
        *,
        folder: str = empty_folder(RUN_ID),
        problem: str | None = None,
    ) -> Path:
        """List a landing file in the plan, numbered as it comes; where its copy is. Again: the same file."""
        number = list(self.files).index(key) if key in self.files else len(self.files)
        target = "/".join(
            (folder.rstrip("/"), *key.split("/")[1:-1], f"{number:05d}-{key.rpartition('/')[2]}")
        )
        self.files[key] = PlannedFile(
            key=key,
            etag=f"etag-{number}",
            size=number * 10,
            target=target,
            dataset=dataset,
            problem=problem,
        )
        return self._working / target

    @property
    def _working(self) -> Path:
        return self.root / "working"

    def land_rows(self, dataset: str, *rows: Row, name: str = "a.csv") -> None:
        """Put a file with these records; what a row leaves out comes from a minimal valid record."""
        complete = [VALID[dataset] | row for row in rows]
        self.land(dataset, csv_bytes(dataset_named(dataset).column_names, complete), name=name)

    def run(self) -> dict[str, Counts]:
        plan = Plan(run_id=RUN_ID, files=tuple(self.files.values()))
        path = self._working / copied_key(RUN_ID)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plan.to_json())
        return run(self.spark, self.job)

    def parquet_files(self, name: str) -> list[Path]:
        return sorted((self.root / "processed" / name).glob("*.parquet"))

    def staged(self, name: str, *columns: str) -> list[dict[str, Any]]:
        """Rows of a processed folder as pyarrow reads them, by key."""
        rows = [
            row
            for path in self.parquet_files(name)
            for row in pq.read_table(path, columns=list(columns) or None).to_pylist()
        ]
        return sorted(rows, key=lambda row: str(next(iter(row.values()))))

    def rejects(self, dataset: str) -> list[dict[str, Any]]:
        return sorted(self._lines(dataset), key=lambda reject: (reject["file"], reject["record"]))

    def remarks(self) -> list[dict[str, Any]]:
        return sorted(self._lines(REMARKS), key=lambda remark: str(remark["key"]))

    def _lines(self, folder: str) -> list[dict[str, Any]]:
        """The JSON lines in a folder of quarantine."""
        paths = (self.root / "quarantine" / folder).glob("*.json")
        return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]

    def file_rows(self) -> dict[str, tuple[int, int, str | None]]:
        """What the run wrote about each file, by key in landing: rows read, rows quarantined, problem."""
        return {
            row["file_key"]: (row["rows_read"], row["rows_quarantined"], row["problem"])
            for row in self.staged("files")
        }
