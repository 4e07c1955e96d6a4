"""`explain` says which ids are made, and from what."""

from collections.abc import Sequence
from typing import Any

import pytest

from capture import ids
from catalog import AUTHORS, BOOKS, REVIEWS, USERS, Dataset
from operations.explain.made import made_from
from operations.forget.subject import Subject
from tests.operations.explain.delivered import Author, Delivered

ANN = ids.of_user("Ann") or 0
OTHER_NAME = "the name in another version of the record"
HASH = "a hash of a dump, or "


@pytest.mark.parametrize(
    ("dataset", "key", "values", "told"),
    [
        (AUTHORS, ids.of_author("J. K. Rowling"), ("J.K. Rowling",), "the name 'J.K. Rowling'"),
        (AUTHORS, ids.of_author("Ann"), ("Bob",), OTHER_NAME),
        (AUTHORS, ids.of_author("Ann"), (None,), OTHER_NAME),
        (USERS, ANN, ("Ann",), "the name 'Ann'"),
        (
            USERS,
            ids.of_numbered_user("goodbooks-10k", 314),
            ("goodbooks-10k-314",),
            "the number 314 in goodbooks-10k",
        ),
        (USERS, ids.of_hash("8842281e1d1347389f2ab93d60773d4d"), None, f"{HASH}{OTHER_NAME}"),
        (REVIEWS, ids.of_review(ANN, 7), (str(ANN), "7"), f"user {ANN} and book 7"),
        (
            REVIEWS,
            ids.of_review(ANN, 7),
            (str(ANN), "8"),
            f"{HASH}user and book in another version of the record",
        ),
        (BOOKS, ids.of_book("0374159122", "", ""), None, "its ISBN, or its title and author"),
    ],
)
def test_a_made_id_is_told_with_what_it_is_made_from(
    dataset: Dataset, key: int, values: Sequence[Any] | None, told: str
) -> None:
    assert made_from(Subject(dataset, key), values) == told


@pytest.mark.parametrize("dataset", [AUTHORS, BOOKS, REVIEWS, USERS])
def test_an_id_of_goodreads_is_not_made(dataset: Dataset) -> None:
    assert made_from(Subject(dataset, 13642), ("Ann",)) is None


@pytest.mark.slow
def test_the_name_is_read_from_the_warehouse(delivered: Delivered) -> None:
    key = ids.of_author("Ann") or 0
    delivered.deliver([Author(key, 5, "Ann"), Author(2, 5, "Ann")])
    assert delivered.explained(key).made_from == "the name 'Ann'"
    assert delivered.explained(2).made_from is None
    assert delivered.explained(key + 1).made_from == OTHER_NAME
