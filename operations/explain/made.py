"""Says from what an id was made that is not Goodreads' own: makes the id again from the row and compares."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from capture import ids
from catalog import AUTHORS, BOOKS, REVIEWS, USERS, Dataset
from operations.forget.subject import Subject

COLUMNS: Mapping[str, Sequence[str]] = {
    AUTHORS.name: ("name",),
    REVIEWS.name: ("user_id", "book_id"),
    USERS.name: ("user_name",),
}
"""The columns from which the ids of a dataset are made; a book has none: ISBN and the author's name are not in its row."""

_NOT_IN_THE_ROW: Mapping[str, str] = {
    AUTHORS.name: "the name in another version of the record",
    BOOKS.name: "its ISBN, or its title and author",
    REVIEWS.name: "a hash of a dump, or user and book in another version of the record",
    USERS.name: "a hash of a dump, or the name in another version of the record",
}
"""What an id was made from if not from the row: decisions 14 and 61."""

_NUMBERED = re.compile(r"(.+)-([0-9]+)")  # as in goodbooks-10k-314


def made_from(subject: Subject, values: Sequence[Any] | None) -> str | None:
    """What an id was made from, in words; None for an id of Goodreads. `values` are the row's, of the dataset's `COLUMNS`; None without a row."""
    if not ids.is_made(subject.key):
        return None
    found = None if values is None or None in values else _guess(subject.dataset, subject.key, values)
    return found or _NOT_IN_THE_ROW[subject.dataset.name]


def _guess(dataset: Dataset, key: int, values: Sequence[Any]) -> str | None:
    if dataset == REVIEWS:
        user_id, book_id = map(int, values)
        return f"user {user_id} and book {book_id}" if ids.of_review(user_id, book_id) == key else None
    (text,) = map(str, values)
    if dataset == AUTHORS and ids.of_author(text) == key:
        return f"the name {text!r}"
    if dataset == USERS:
        if ids.of_user(text) == key:
            return f"the name {text!r}"
        if (found := _NUMBERED.fullmatch(text)) and ids.of_numbered_user(found[1], int(found[2])) == key:
            return f"the number {found[2]} in {found[1]}"
    return None
