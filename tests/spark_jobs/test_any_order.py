"""The whole way of rows, Spark and the publishing SQL: order, split and repetition of files make no difference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from catalog import AUTHORS
from contract.keys import copied_key, dataset_folder
from contract.plan import Plan, PlannedFile
from local_cloud.redshift import RedshiftEngine
from spark_jobs.job import Job
from spark_jobs.transform import run
from sql import statements
from tests.local_cloud.redshift.conftest import Session
from tests.spark_jobs.workbench import Row, csv_bytes
from tests.sql.staged import Staged

pytestmark = pytest.mark.spark

ROLE = "arn:aws:iam::123456789012:role/copy"
versions = st.builds(
    lambda author, hour, name: {
        "author_id": str(author),
        "name": name,
        "record_create_timestamp": f"2020-02-19 {hour:02}:00:00",
    },
    st.integers(1, 3),
    st.integers(0, 2),
    st.sampled_from(["one", "two", "with, comma", 'with "quotes"\nand a line', ""]),
)


@dataclass(frozen=True)
class Line:
    """Runs, one after the other, from files to a warehouse."""

    spark: SparkSession
    root: Path
    session: Session

    def start_anew(self) -> None:
        Staged(self.session).empty()

    def run(self, run_id: str, files: Sequence[Sequence[Row]], token: int) -> None:
        """One run over files of authors."""
        working = self.root / "working"
        folder = working / dataset_folder(run_id, AUTHORS.name)
        folder.mkdir(parents=True, exist_ok=True)
        planned = []
        for number, rows in enumerate(files):
            path = folder / f"{number:05d}-file.csv"
            path.write_bytes(csv_bytes(AUTHORS.column_names, rows))
            key, target = f"{run_id}/{number}", str(path.relative_to(working))
            planned.append(
                PlannedFile(key=key, etag="e", size=path.stat().st_size, target=target, dataset=AUTHORS.name)
            )
        plan = working / copied_key(run_id)
        plan.write_text(Plan(run_id=run_id, files=tuple(planned)).to_json())
        run(
            self.spark,
            Job(
                run_id=run_id,
                fencing_token=token,
                started=datetime(2020, 3, 1, tzinfo=UTC),
                plan=f"file://{plan}",
                processed=f"{self.root}/processed/run={run_id}",
                quarantine=f"{self.root}/quarantine/run={run_id}",
            ),
        )
        self.session.run(*statements.load_staging(f"s3://processed/run={run_id}", ROLE))
        self.session.run(*(statement.replace("{}", run_id) for statement in statements.publish()))

    def warehouse(self) -> list[tuple[Any, ...]]:
        columns = ", ".join(column.name for column in AUTHORS.stored_columns)
        return self.session.rows(f"select {columns} from goodreads_warehouse.authors order by author_id")


@pytest.fixture
def line(spark: SparkSession, tmp_path: Path) -> Iterator[Line]:
    with RedshiftEngine(tmp_path / "warehouse.duckdb", tmp_path) as engine:
        session = Session(engine)
        session.run(*statements.create_tables(), *statements.create_staging())
        yield Line(spark, tmp_path, session)


@settings(
    max_examples=4,
    phases=[Phase.explicit, Phase.generate],  # an example takes seconds, so none is made smaller
)
@given(st.data())
def test_the_same_records_in_any_files_and_runs_give_the_same_warehouse(
    line: Line, data: st.DataObject
) -> None:
    delivered = data.draw(st.lists(versions, min_size=1, max_size=8), label="records")
    again = data.draw(st.lists(st.sampled_from(delivered), max_size=3), label="delivered again")
    line.start_anew()
    line.run("whole", [delivered], token=1)
    expected = line.warehouse()

    line.start_anew()
    shuffled = data.draw(st.permutations(delivered + again), label="order")
    bounds = st.lists(st.integers(0, len(shuffled)), max_size=2).map(sorted)
    for number, rows in enumerate(_split(shuffled, data.draw(bounds, label="runs")), 1):
        line.run(f"r{number}", _split(rows, [len(rows) // 2]), token=number)

    assert line.warehouse() == expected
    assert len(expected) == len({row["author_id"] for row in delivered})
    counts = Staged(line.session).ledger().values()
    assert sum(line["rows_read"] for line in counts) == len(shuffled)
    for found in counts:
        assert found["rows_read"] == sum(found.values()) - found["rows_read"]


def _split(rows: Sequence[Row], bounds: Sequence[int]) -> list[Sequence[Row]]:
    ends = [*bounds, len(rows)]
    return [rows[start:end] for start, end in zip([0, *bounds], ends, strict=True)]
