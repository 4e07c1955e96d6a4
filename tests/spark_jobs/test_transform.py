import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.errors import PythonException
from pyspark.sql import functions as F

from catalog import DATASETS
from contract.ledger import Counts
from spark_jobs import transform
from spark_jobs.accounting import UnaccountedRowsError, require_identity
from spark_jobs.job import DatasetRun, job_from
from spark_jobs.staging import Outcome
from spark_jobs.transform import reason, runs_of
from stacks import ROOT
from tests.local_cloud.waiting import PATIENCE
from tests.spark_jobs.workbench import Workbench

pytestmark = pytest.mark.spark

SEED_SAMPLE = ROOT.parent / "shared" / "data" / "seed_sample"

REVIEW = {
    "review_id": "9007199254740993",
    "review_votes": "2.0",
    "review_rating": "4.125",
    "spoiler_flag": "True",
    "review_added_date": "Wed Feb 19 18:36:17 -0800 2020",
    "record_create_timestamp": "2020-02-19 21:38:16.690535",
}


def test_the_greatest_dataset_begins_first_in_a_pool_that_comes_first_by_name(bench: Workbench) -> None:
    sizes = dict(zip(DATASETS, (128, 299, 482, 311), strict=True))

    runs = runs_of(bench.spark, bench.job, sizes)

    assert [run.dataset.name for run in runs] == ["reviews", "users", "books", "authors"]
    assert sorted(run.pool for run in runs) == [run.pool for run in runs]


def test_no_more_datasets_are_at_work_than_there_are_cores_the_greatest_ones_first(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a small dataset that is ready first would keep a core from the greatest one."""
    cores = bench.spark.sparkContext.defaultParallelism
    assert len(DATASETS) == 2 * cores
    for number, dataset in enumerate(DATASETS, 1):
        bench.land_rows(dataset.name, *[{}] * (100 * number))
    begun, all_asked_for, all_cores = list[str](), threading.Event(), threading.Barrier(cores)
    at_work = set[str]()

    def asked_for(*arguments: Any) -> Iterator[DatasetRun]:
        yield from runs_of(*arguments)
        all_asked_for.set()

    def staged(run: DatasetRun, _: object) -> Outcome:
        begun.append(run.dataset.name)
        at_work.add(run.dataset.name)
        assert all_asked_for.wait(PATIENCE)
        all_cores.wait(PATIENCE)
        assert len(at_work) == cores
        all_cores.wait(PATIENCE)
        at_work.remove(run.dataset.name)
        all_cores.wait(PATIENCE)
        return Outcome()

    monkeypatch.setattr(transform, "runs_of", asked_for)
    monkeypatch.setattr(transform, "stage", staged)
    bench.run()
    smallest_first = [dataset.name for dataset in DATASETS]
    assert set(begun[:cores]) == set(smallest_first[cores:])
    assert set(begun[cores:]) == set(smallest_first[:cores])


def test_every_type_arrives_in_parquet_as_declared(bench: Workbench) -> None:
    bench.land_rows("reviews", REVIEW)
    bench.run()

    (row,) = bench.staged("reviews")

    assert row["review_id"] == 9007199254740993
    assert row["review_votes"] == 2
    assert row["review_rating"] == Decimal("4.13")
    assert row["spoiler_flag"] is True
    assert str(row["review_added_date"]) == "2020-02-20 02:36:17"
    assert str(row["record_create_timestamp"]) == "2020-02-19 21:38:16.690535"
    assert row["review_text"] is None


def test_a_capture_in_the_future_of_the_run_never_wins(bench: Workbench) -> None:
    bench.land_rows("authors", {"name": "now"}, {"record_create_timestamp": "2020-02-21 00:00:01"})

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=1, rows_quarantined=1)
    assert [row["name"] for row in bench.staged("authors")] == ["now"]
    assert bench.rejects("authors")[0]["violations"] == [
        {"column": "record_create_timestamp", "rule": "range", "value": "2020-02-21 00:00:01"}
    ]


def test_the_first_instant_of_1900_is_stored_as_it_is(bench: Workbench) -> None:
    bench.land_rows("authors", {"record_create_timestamp": "1900-01-01 00:00:00"})

    bench.run()

    rows = bench.spark.read.parquet(f"{bench.job.processed}/authors")
    stored = rows.select(F.col("record_create_timestamp").cast("string")).collect()
    assert [row[0] for row in stored] == ["1900-01-01 00:00:00"]


def test_without_files_every_dataset_still_has_one_empty_parquet_file_of_the_right_schema(
    bench: Workbench,
) -> None:
    assert bench.run() == {"authors": Counts(), "books": Counts(), "reviews": Counts(), "users": Counts()}

    for dataset in DATASETS:
        (path,) = bench.parquet_files(dataset.name)
        assert pq.read_metadata(path).num_rows == 0


def test_files_with_rows_and_without_have_the_same_schema(bench: Workbench) -> None:
    bench.run()
    empty = {dataset.name: physical_schema(*bench.parquet_files(dataset.name)) for dataset in DATASETS}
    for dataset in DATASETS:
        bench.land_rows(dataset.name, {})

    bench.run()

    assert {
        dataset.name: physical_schema(*bench.parquet_files(dataset.name)) for dataset in DATASETS
    } == empty
    assert empty["authors"] == [
        ("author_id", "INT64", "None"),
        ("name", "BYTE_ARRAY", "String"),
        ("role", "BYTE_ARRAY", "String"),
        ("profile_url", "BYTE_ARRAY", "String"),
        ("average_rating", "INT32", "Decimal(precision=3, scale=2)"),
        ("rating_count", "INT32", "None"),
        ("text_review_count", "INT32", "None"),
        ("record_create_timestamp", "INT96", "None"),
        ("record_hash", "INT64", "None"),
    ]


def physical_schema(path: Path) -> list[tuple[str, str, str]]:
    schema = pq.ParquetFile(path).schema
    columns = (schema.column(index) for index in range(len(schema.names)))
    return [(column.name, column.physical_type, str(column.logical_type)) for column in columns]


def test_the_accounting_has_one_file_and_one_row_per_dataset(bench: Workbench) -> None:
    newest, older = {"author_id": "1", "name": "new"}, {"record_create_timestamp": "2019-01-01 00:00:00"}
    bench.land_rows("authors", newest, newest, older, {"author_id": "x"}, {"author_id": "2"})
    bench.run()

    assert len(bench.parquet_files("accounting")) == 1
    rows = bench.staged("accounting")
    assert [row["run_id"] for row in rows] == ["run-1"] * 4
    assert {row["dataset"]: [value for value in row.values() if isinstance(value, int)] for row in rows} == {
        "authors": [7, 5, 2, 1, 1, 1],  # fencing token, read, staged, stale, duplicate, quarantined
        "books": [7, 0, 0, 0, 0, 0],
        "reviews": [7, 0, 0, 0, 0, 0],
        "users": [7, 0, 0, 0, 0, 0],
    }
    assert list(rows[0]) == [
        "run_id",
        "dataset",
        "fencing_token",
        "rows_read",
        "rows_staged",
        "rows_stale",
        "rows_duplicate",
        "rows_quarantined",
    ]


def test_a_second_run_with_the_same_arguments_replaces_the_first(bench: Workbench) -> None:
    bench.land_rows("users", {"user_id": "1"}, {"user_id": "x"})
    first, staged, rejects = bench.run(), bench.staged("users"), bench.rejects("users")

    assert bench.run() == first
    assert bench.staged("users") == staged
    assert bench.rejects("users") == rejects
    assert len(rejects) == 1


def test_order_and_split_of_files_never_change_what_is_staged(bench: Workbench) -> None:
    rows = [
        {
            "author_id": str(key),
            "name": f"{key} {second} {copy}",
            "record_create_timestamp": f"2020-01-01 00:00:{second:02}",
        }
        for key in range(3)
        for second in (10, 30, 20)
        for copy in ("a", "b")
    ]
    bench.land_rows("authors", *rows)
    together = bench.run()["authors"]
    expected = bench.staged("authors")
    for index in range(3):
        bench.land_rows(
            "authors", *reversed(rows[index::3]), name="a.csv" if index == 0 else f"{index}.csv.gz"
        )

    assert bench.run()["authors"] == together == Counts(rows_read=18, rows_staged=3, rows_stale=15)
    assert bench.staged("authors") == expected


def test_nothing_but_data_files_is_written(bench: Workbench) -> None:
    bench.land_rows("authors", *({"author_id": str(key)} for key in range(500)))
    bench.run()

    written = [path.name for path in (bench.root / "processed").rglob("*") if path.is_file()]
    visible = [name for name in written if not name.startswith(".")]

    assert len(visible) == 6
    assert all(name.endswith(".parquet") for name in visible)
    assert not (bench.root / "quarantine").exists()


def test_counts_that_do_not_add_up_are_an_error_with_the_numbers() -> None:
    require_identity(Counts(rows_read=10, rows_staged=4, rows_stale=3, rows_duplicate=2, rows_quarantined=1))

    with pytest.raises(UnaccountedRowsError, match=r"^10 rows were read but 9 are accounted for"):
        require_identity(Counts(rows_read=10, rows_staged=4, rows_stale=3, rows_duplicate=2))


def test_a_missing_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        job_from(["--run-id", "x"])

    assert "--fencing-token, --started, --plan, --processed, --quarantine" in capsys.readouterr().err


def test_the_start_of_the_run_needs_its_offset(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "--run-id",
        "x",
        "--fencing-token",
        "1",
        "--plan",
        "p",
        "--processed",
        "q",
        "--quarantine",
        "r",
    ]

    job = job_from([*arguments, "--started", "2020-02-19T21:38:16.690Z"])
    assert job.started == datetime(2020, 2, 19, 21, 38, 16, 690000, tzinfo=UTC)
    with pytest.raises(SystemExit):
        job_from([*arguments, "--started", "2020-02-19T21:38:16"])
    assert "invalid instant value" in capsys.readouterr().err


@pytest.mark.skipif(not SEED_SAMPLE.exists(), reason="the captured sample data are not on this machine")
def test_captured_data_stages_one_row_per_key(bench: Workbench) -> None:
    for dataset in DATASETS:
        content = (SEED_SAMPLE / f"{dataset.landing_name}.csv").read_bytes()
        bench.land(dataset.name, content)

    assert bench.run() == {
        "authors": Counts(rows_read=1651, rows_staged=112, rows_stale=1539),
        "books": Counts(rows_read=1651, rows_staged=120, rows_stale=1531),
        "reviews": Counts(rows_read=1651, rows_staged=120, rows_stale=1531),
        "users": Counts(rows_read=1651, rows_staged=107, rows_stale=1544),
    }
    for dataset in DATASETS:
        keys = Counter(row[dataset.key] for row in bench.staged(dataset.name, dataset.key))
        assert set(keys.values()) == {1}


def test_of_an_error_in_a_python_worker_the_whole_message_is_told_and_no_traceback() -> None:
    error = PythonException(
        message="\n  An exception was thrown from the Python worker.\nTraceback (most recent call last):\n"
        '  File "a.py", line 1, in f\n    g()\nduckdb.ParserException: syntax error\nLINE 1: selec 1\n        ^\n'
    )
    assert reason(error) == "duckdb.ParserException: syntax error LINE 1: selec 1 ^"
