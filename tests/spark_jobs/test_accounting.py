import json
from collections import Counter
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.ledger import FILES
from contract.plan import LandingObject, Limits, PlannedFile
from lambdas.shared.planning import make_plan, summary
from local_cloud.redshift import RedshiftEngine
from spark_jobs.accounting import (
    FileCounts,
    RangeTally,
    by_range,
    file_rows,
)
from spark_jobs.ranges import Range
from spark_jobs.storage import Folder
from sql import statements
from tests.local_cloud.redshift.conftest import Session
from tests.spark_jobs.workbench import Workbench

pytestmark = pytest.mark.spark


def test_every_file_of_the_plan_has_a_row(bench: Workbench) -> None:
    bench.land_rows("users", {}, {"user_id": "x"}, {"user_id": "3"})
    bench.land_rows("users", name="header-only.csv")
    bench.plan("user/empty.csv", "users")
    bench.plan("user/odd.txt", None, problem="its name is not a dataset's")

    bench.run()

    assert bench.file_rows() == {
        "users/a.csv": (3, 1, None),
        "users/header-only.csv": (0, 0, None),
        "user/empty.csv": (0, 0, None),
        "user/odd.txt": (0, 0, "its name is not a dataset's"),
    }
    assert len(bench.parquet_files("files")) == 1
    assert [row for row in bench.staged("files") if row["file_key"] == "user/odd.txt"] == [
        {
            "run_id": "run-1",
            "dataset": None,
            "file_key": "user/odd.txt",
            "etag": "etag-3",
            "size_bytes": 30,
            "rows_read": 0,
            "rows_quarantined": 0,
            "problem": "its name is not a dataset's",
        }
    ]
    assert list(bench.staged("files")[0]) == [
        "run_id",
        "dataset",
        "file_key",
        "etag",
        "size_bytes",
        "rows_read",
        "rows_quarantined",
        "problem",
    ]


def test_the_ranges_of_a_file_are_counted_together_and_only_files_with_rejects_are_listed() -> None:
    ranges = [Range(file_number=number, uri=f"{number}", size=9) for number in (1, 2, 1)]
    told = [
        RangeTally(range=0, read=2),
        RangeTally(range=1, read=3, bad=1),
        RangeTally(range=2, read=4),
    ]

    assert FileCounts.tallied(ranges, told) == FileCounts(
        read=Counter({1: 6, 2: 3}), quarantined=Counter({2: 1})
    )
    assert list(FileCounts.tallied(ranges, told).quarantined) == [2]


def test_the_tallies_of_a_range_are_added_in_any_order() -> None:
    rows = [RangeTally(range=0, read=5, bad=1, older=2), RangeTally(range=0, read=4)]
    records = RangeTally(range=0, read=1, bad=1, blank=3, records=13, begin=7, after=99, backslashes=True)
    total = RangeTally(
        range=0, read=10, bad=2, older=2, blank=3, records=13, begin=7, after=99, backslashes=True
    )
    problem = RangeTally(range=1, problem="cut off", is_mixed_in=True)

    for told in permutations([*rows, records, problem, RangeTally(range=1, read=2)]):
        assert by_range(told) == {0: total, 1: replace(problem, read=2)}


def test_ten_thousand_files_are_listed() -> None:
    files = [
        PlannedFile(key=f"k{n}", etag="e", size=n, target=f"x/{n:05d}-a", dataset="authors")
        for n in range(10_000)
    ]

    rows = file_rows(files, FileCounts(read=Counter({9999: 4})), {files[7]: "bad"}, run_id="r")

    assert rows.num_rows == 10_000
    told = [row for row in rows.to_pylist() if row["rows_read"] or row["problem"]]
    assert [tuple(row.values()) for row in told] == [
        ("r", "authors", "k7", "e", 7, 0, 0, "bad"),
        ("r", "authors", "k9999", "e", 9999, 4, 0, None),
    ]


_KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=250)
_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n"), max_size=400)
_HEADERS = st.lists(_NAMES, max_size=20) | st.lists(st.just("\U0001f4da" * 60), min_size=30, max_size=60)


@settings(max_examples=10)
@given(landed=st.lists(st.tuples(_KEYS, _HEADERS), min_size=1, max_size=20, unique_by=lambda item: item[0]))
def test_whatever_files_and_columns_are_called_what_is_said_about_them_can_be_loaded(
    tmp_path_factory: pytest.TempPathFactory, landed: list[tuple[str, list[str]]]
) -> None:
    items = [LandingObject(f"book/{key}.csv", "e", 1, "2020") for key, _ in landed]
    plan = make_plan("r", items)
    folder = tmp_path_factory.mktemp("run")
    (folder / "buckets" / "processed").mkdir(parents=True)
    rows = file_rows(plan.files, FileCounts(), {}, run_id="r")
    Folder("file:", f"{folder}/buckets/processed/files".strip("/")).write_parquet(
        "part-0.parquet", rows.schema, [rows]
    )

    with RedshiftEngine(folder / "warehouse.duckdb", folder / "buckets") as engine:
        session = Session(engine)
        session.run(*statements.create_tables(), *statements.create_staging())
        names = ", ".join(column.name for column in FILES.columns)
        session.run(
            f"copy goodreads_staging.files ({names}) from 's3://processed/files/part-' iam_role 'r' format as parquet"
        )
        loaded = dict(session.rows("select file_key, problem from goodreads_staging.files"))
    assert loaded.keys() == {file.key for file in plan.files}
    assert all(loaded[file.key] == file.problem for file in plan.files)
    assert len(json.dumps(summary(plan, Limits(200, 10**9)))) < 256 * 1024 / 4
