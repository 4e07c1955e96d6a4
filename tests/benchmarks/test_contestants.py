"""Every contestant keeps the newest version of each record, down to quotes, newlines and offsets."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from benchmarks import BenchmarkError
from benchmarks.compare import compare
from benchmarks.contestants import duckdb_warehouse, original_generator
from benchmarks.contests import run_other
from catalog import AUTHORS, DATASETS, VERSION
from tests.benchmarks.tiny import LANDED, NEW, OLD, keep, land, tie

ON_SPARK = pytest.mark.spark


@pytest.mark.slow
@pytest.mark.parametrize(
    "program",
    [
        pytest.param("original", marks=ON_SPARK),
        pytest.param("idiomatic", marks=ON_SPARK),
        "duckdb_alone",
        "polars_alone",
    ],
)
def test_a_contestant_keeps_the_newest_version_of_each_record(program: str, tmp_path: Path) -> None:
    tied = {"user_id": "1", "location": "Rome", "has_image": "false", VERSION.name: NEW}
    data = land(tmp_path / "data", LANDED | {"users": [*LANDED["users"], tied]})
    ties = tie(tmp_path / "ties", users=[1])

    used = run_other(program, data, tmp_path / "out")

    found = compare(keep(tmp_path / "right"), tmp_path / "out", lambda dataset: ties / f"{dataset}.parquet")
    assert [each.wrong_rows for each in found] == [0, 0, 0, 0]
    # the original's way keeps both rows of a tie
    assert [each.rows for each in found] == [2, 1, 2, 2 if program == "original" else 1]
    assert used.cpu_seconds > 0


@pytest.mark.slow
@pytest.mark.parametrize("program", ["duckdb_alone", "polars_alone"])
@pytest.mark.parametrize("bad", [b"x", b"\xff"], ids=["not a number", "not UTF-8"])
def test_a_bad_value_ends_the_contestants_that_are_said_to_end(
    program: str, bad: bytes, tmp_path: Path
) -> None:
    data = land(tmp_path / "data")
    column = {b"x": AUTHORS.column_names.index("rating_count"), b"\xff": AUTHORS.column_names.index("name")}[
        bad
    ]
    fields = [b""] * len(AUTHORS.columns)
    fields[0], fields[column], fields[-1] = b"3", bad, NEW.encode()
    with (data / "author.csv").open("ab") as file:
        file.write(b",".join(fields) + b"\n")

    with pytest.raises(BenchmarkError, match="ended with 1"):
        run_other(program, data, tmp_path / "out")


def test_the_warehouse_of_duckdb_is_brought_up_to_date_and_not_back(tmp_path: Path) -> None:
    target = tmp_path / "out"
    duckdb_warehouse.main(land(tmp_path / "data"), target)
    later = {"user_id": "1", "location": "Rome", VERSION.name: "2020-02-20 00:00:00"}
    earlier = {"author_id": "1", "name": "Anna", VERSION.name: OLD}
    new = {"author_id": "3", "name": "Cem", VERSION.name: OLD}

    duckdb_warehouse.main(
        land(tmp_path / "more", LANDED | {"users": [later], "authors": [earlier, new]}), target
    )

    with closing(duckdb.connect(str(target / "warehouse.duckdb"))) as warehouse:
        assert warehouse.sql("select user_id, location from users").fetchall() == [(1, "Rome")]
        authors = warehouse.sql("select author_id, name from authors order by 1").fetchall()
    assert authors == [(1, "Ann"), (2, 'Ben "B"'), (3, "Cem")]


def test_the_original_generator_writes_every_column_of_every_dataset(tmp_path: Path) -> None:
    original_generator.main(3, tmp_path)

    for dataset in DATASETS:
        rows = duckdb.sql(
            f"select * from read_csv('{tmp_path}/{dataset.landing_name}.csv', all_varchar = true)"
        )
        assert tuple(rows.columns) == dataset.column_names
        assert len(rows.fetchall()) == 3
