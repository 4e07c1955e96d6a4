"""Nothing that differs in the rows of two contestants goes unnoticed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from benchmarks import BenchmarkError
from benchmarks.compare import Comparison, compare, require_equal
from catalog import VERSION
from tests.benchmarks.tiny import AWKWARD, KEPT, LANDED, NEW, Row, keep, tie

Compared = Callable[..., dict[str, Comparison]]
RIGHT: dict[str, list[dict[str, str]]] = {
    name: [LANDED[name][index] for index in indexes] for name, indexes in KEPT.items()
}


@pytest.fixture
def compared(tmp_path: Path) -> Compared:
    """Compares rows with those of KEPT; `tied` are the tied keys."""

    def run(rows: Mapping[str, Sequence[Row]], **tied: Sequence[int]) -> dict[str, Comparison]:
        ties = tie(tmp_path / "ties", **tied)
        found = compare(
            keep(tmp_path / "reference"),
            keep(tmp_path / "contestant", rows),
            lambda dataset: ties / f"{dataset}.parquet",
        )
        return {each.dataset: each for each in found}

    return run


def with_users(*users: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    return RIGHT | {"users": list(users)}


def test_the_same_rows_in_another_order_are_equal(compared: Compared) -> None:
    found = compared({name: rows[::-1] for name, rows in RIGHT.items()})

    assert {name: each.rows for name, each in found.items()} == {
        "authors": 2,
        "books": 1,
        "reviews": 2,
        "users": 1,
    }
    assert all(each.checksum == each.reference_checksum for each in found.values())
    require_equal("it", list(found.values()))


def test_white_space_in_texts_and_spellings_of_null_make_no_difference(compared: Compared) -> None:
    tidied = with_users(RIGHT["users"][0] | {"location": AWKWARD.replace("\n", " ")})
    tidied["books"] = [RIGHT["books"][0] | {"description": ""}]

    found = compared(tidied)

    assert [each.wrong_rows for each in found.values()] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("has_image", "true"),
        ("has_image", ""),
        ("location", "Paris"),
        (VERSION.name, "2020-02-19 21:38:16.690"),
        ("user_id", "2"),
    ],
)
def test_a_value_that_is_wrong_is_noticed(compared: Compared, column: str, value: str) -> None:
    users = compared(with_users(RIGHT["users"][0] | {column: value}))["users"]

    assert users.checksum != users.reference_checksum
    assert (users.tied_rows, users.wrong_rows) == (0, 2)  # the wrong one, and the right one that is not there


def test_an_instant_that_is_off_by_its_offset_is_noticed(compared: Compared) -> None:
    shifted = RIGHT["reviews"][0] | {"review_added_date": "Wed Feb 19 18:36:17 +0000 2020"}

    assert compared(RIGHT | {"reviews": [shifted, RIGHT["reviews"][1]]})["reviews"].wrong_rows == 2


def test_a_row_that_is_missing_and_one_that_is_there_twice_are_noticed(compared: Compared) -> None:
    found = compared(RIGHT | {"authors": RIGHT["authors"][:1], "users": RIGHT["users"] * 2})

    assert (found["authors"].rows, found["authors"].wrong_rows) == (1, 1)
    assert (found["users"].rows, found["users"].wrong_rows) == (2, 1)


def test_a_tie_may_be_decided_in_any_way(compared: Compared) -> None:
    users = compared(with_users({"user_id": "1", "location": "Rome", VERSION.name: NEW}), users=[1])["users"]

    assert (users.tied_rows, users.wrong_rows) == (2, 0)


def test_wrong_rows_end_the_benchmark(compared: Compared) -> None:
    found = compared(with_users({"user_id": "2", VERSION.name: NEW}))

    with pytest.raises(BenchmarkError, match=r"Polars and the reference differ in rows \(users: 2\)"):
        require_equal("Polars", list(found.values()))


def test_a_contestant_that_has_written_nothing_is_told_by_its_folder(tmp_path: Path) -> None:
    ties = tie(tmp_path / "ties")
    with pytest.raises(BenchmarkError, match=r"authors holds neither \*\.parquet nor"):
        compare(keep(tmp_path / "reference"), tmp_path, lambda dataset: ties / f"{dataset}.parquet")
