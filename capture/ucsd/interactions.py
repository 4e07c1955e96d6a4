"""Reads goodreads_interactions.csv: 229 million rows of who has which book on a shelf, in numbers of its own.

`book_id_map.csv` and `user_id_map.csv` stand beside it and tell Goodreads' number of a book, and the hash that the other dumps have for a user.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from capture import ids
from capture.csv_rows import head_of, header_told
from capture.errors import CaptureError
from capture.landing_files import Batch
from capture.number_files import numbers_in
from capture.rejects import Line
from capture.ucsd.known import Known
from catalog import REVIEWS, VERSION

BOOK_MAP, USER_MAP = "book_id_map.csv", "user_id_map.csv"
_STARS = 5
_HASH_DIGITS = 32


class BrokenMapError(CaptureError):
    """A map of ids is missing or has gaps; the message says what to do."""


@dataclass(frozen=True)
class Maps:
    """Edition, its author, and user, by the numbers of the file; an author is 0 if the book's is not known."""

    editions: NDArray[np.uint64]
    authors: NDArray[np.uint64]
    users: NDArray[np.uint64]


def maps_beside(path: Path, known: Known) -> Maps:
    """The maps in the folder of the file. Raises BrokenMapError and OSError."""
    editions = _numbered(path.with_name(BOOK_MAP), "book_id", _edition)
    users = _numbered(path.with_name(USER_MAP), "user_id", _user)
    return Maps(editions, known.authors_of(editions), users)


@dataclass
class Interactions:
    """Makes reviews of the rows; counts all rows, and those that are no reviews.

    A row is a review if the book was read, rated or reviewed. `without_reviewed` leaves out books with a text: the dump of the reviews has them.
    """

    maps: Maps
    version: str
    without_reviewed: bool
    limit: int | None
    rows: int = 0
    reviews: int = 0

    def __post_init__(self) -> None:
        self._has_review = np.zeros(len(self.maps.users), bool)

    def batches(self, raw: BinaryIO, name: str, reject: Callable[[Line, str], None]) -> Iterator[Batch]:
        """The reviews, a block at a time. Raises NotNumbersError if the file lacks a column."""
        bounds = {
            "user_id": len(self.maps.users) - 1,
            "book_id": len(self.maps.editions) - 1,
            "is_read": 1,
            "rating": _STARS,
            "is_reviewed": 1,
        }
        for numbers in numbers_in(raw, name, bounds, reject):
            left = None if self.limit is None else self.limit - self.rows
            columns = {column: values[:left] for column, values in numbers.columns.items()}
            self.rows += len(columns["rating"])
            if len(table := self._reviews(columns)):
                self.reviews += len(table)
                yield Batch(numbers.first, table)
            if self.rows == self.limit:
                return

    def users(self) -> Iterator[int]:
        """The users who have a review."""
        yield from self.maps.users[self._has_review].tolist()

    def _reviews(self, columns: dict[str, NDArray[np.int64]]) -> pa.Table:
        chosen = (columns["is_read"] > 0) | (columns["rating"] > 0) | (columns["is_reviewed"] > 0)
        if self.without_reviewed:
            chosen &= columns["is_reviewed"] == 0
        numbers, books = columns["user_id"][chosen], columns["book_id"][chosen]
        self._has_review[numbers] = True
        users, editions, authors = (
            self.maps.users[numbers],
            self.maps.editions[books],
            self.maps.authors[books],
        )
        filled = {
            "review_id": pa.array(ids.of_review(users, editions)),
            "user_id": pa.array(users),
            "book_id": pa.array(editions),
            "author_id": pa.array(authors, mask=authors == 0),
            "review_rating": pa.array(columns["rating"][chosen]),
            VERSION.name: pa.repeat(self.version, len(users)),
        }
        nothing = pa.nulls(len(users), pa.string())
        return pa.table({column: filled.get(column, nothing) for column in REVIEWS.column_names})


def _numbered(path: Path, column: str, read: Callable[[str], int]) -> NDArray[np.uint64]:
    """The ids of a map, by number. The numbers are the first column, count up from 0, and have no gaps."""
    if not path.is_file():
        raise BrokenMapError(
            f"there is no {path}; goodreads_interactions.csv needs {BOOK_MAP} and {USER_MAP} beside it: download them too"
        )
    made = list[int]()
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file)
        if (header := next(reader, [])) != [f"{column}_csv", column]:
            raise BrokenMapError(
                f"{path}: found {header_told(header, head_of(path))}; expected the columns {column}_csv, {column}"
            )
        for row in reader:
            try:
                number, text = row
                if int(number) != len(made):
                    raise ValueError  # noqa: TRY301
                made.append(read(text))
            except ValueError:
                raise BrokenMapError(
                    f"{path}, line {reader.line_num}: found {','.join(row)[:80]!r}, expected the number {len(made)} and an id; download the file again"
                ) from None
    return np.array(made, np.uint64)


def _edition(text: str) -> int:
    if not 0 < int(text) < ids.FIRST:
        raise ValueError
    return int(text)


def _user(text: str) -> int:
    if len(text) != _HASH_DIGITS:
        raise ValueError
    return ids.of_hash(text)
