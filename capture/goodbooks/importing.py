"""Makes landing files of goodbooks-10k."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rich.progress import Progress

from capture import ids
from capture.csv_rows import GZIP, head_of, header_told, not_utf8_told, rows_in
from capture.emptying import Emptied, Rules, text_table
from capture.errors import CaptureError
from capture.goodbooks.repeats import Repeats
from capture.landing_files import Batch, Files, write_files
from capture.number_files import Among, Numbers, numbers_in
from capture.rejects import Line, Rejects
from capture.text import plain_text, without_series
from catalog import AUTHORS, BOOKS, REVIEWS, USERS, VERSION, Dataset
from landing.stores import Store

SOURCE = "goodbooks-10k"
BOOKS_FILE, RATINGS_FILE = "books.csv", "ratings.csv"
LEFT_OUT = ("to_read.csv", "tags.csv", "book_tags.csv")

_BOOK_COLUMNS = (
    *("book_id", "goodreads_book_id", "authors", "original_publication_year", "title"),
    *("average_rating", "ratings_count", "image_url"),
)
_OF_KAGGLE = {"id", "book_id", "best_book_id"}
_HOME = "https://github.com/zygmuntz/goodbooks-10k"
_LARGEST_USER = 2**31 - 1
_LARGEST_BOOK = 10_000_000  # the data set has 10,000; there is an array with a place for each
_LARGEST_EDITION = 2**40  # every number of Goodreads is less
_KEYS = {"book_id": _LARGEST_BOOK, "goodreads_book_id": _LARGEST_EDITION}
_STARS = 5
_DIGITS = 18
_NO_BOOK = f"the book is not in {BOOKS_FILE}"

Row = dict[str, str | int | None]


class NotGoodbooksError(CaptureError):
    """The folder lacks a file, or a file lacks a column; the message says what was expected."""


@dataclass
class Imported:
    """What became of the files. `repeated` counts the reviews whose user and book are those of an earlier one; `rejected` counts lines of both files."""

    books: int = 0
    authors: int = 0
    reviews: int = 0
    users: int = 0
    repeated: int = 0
    rejected: int = 0
    emptied: Emptied = field(default_factory=Emptied)
    written: Files = field(default_factory=Files)


@dataclass(frozen=True)
class _Known:
    """Edition and author of each book, by the number in the data set; 0 where there is none."""

    editions: NDArray[np.uint64]
    authors: NDArray[np.uint64]


@dataclass(frozen=True, kw_only=True)
class Importer:
    """Imports a folder into a store. `captured_at` (UTC) is the version of all records; `files_of` is in bytes."""

    store: Store
    rejects: Rejects
    captured_at: datetime
    now: datetime
    files_of: int
    progress: Progress
    imported: Imported = field(default_factory=Imported)
    _rules: Rules = field(default_factory=Rules)

    def run(self, folder: Path) -> Imported:
        """Import the books, then the ratings. Raises NotGoodbooksError, NotNumbersError, OSError and StoreError."""
        missing = [name for name in (BOOKS_FILE, RATINGS_FILE) if not (folder / name).is_file()]
        if missing:
            raise NotGoodbooksError(
                f"{folder} has no {' and no '.join(missing)}; expected the files of {_HOME}"
            )
        earlier = set(self._files())
        try:
            books = list(self._rows_of(folder / BOOKS_FILE))
            self._ratings(
                folder / RATINGS_FILE, _known(books)
            )  # first: if the file is another one, nothing is written
            self._books(books)
        except CaptureError:
            for name in set(self._files()) - earlier:
                self.store.remove(name)
            raise
        return self.imported

    def _files(self) -> Iterator[str]:
        for dataset in (AUTHORS, BOOKS, REVIEWS, USERS):
            yield from self.store.names(f"{dataset.name}/{SOURCE}-")

    def _books(self, rows: Sequence[Mapping[str, str]]) -> None:
        authors = {
            author_id: name for row in rows for name in _names(row) if (author_id := ids.of_author(name))
        }
        self._write(
            AUTHORS, [_empty(AUTHORS) | {"author_id": key, "name": name} for key, name in authors.items()]
        )
        self._write(BOOKS, [_book(row) for row in rows])
        self.imported.books, self.imported.authors = len(rows), len(authors)
        for name in dict.fromkeys(name for row in rows for name in _names(row) if ids.is_damaged(name)):
            self.imported.emptied.add(f"{AUTHORS.name}.name", name)

    def _rows_of(self, path: Path) -> Iterator[Mapping[str, str]]:
        if (head := head_of(path)).startswith(GZIP):
            raise _no_books(path, header_told([], head), _BOOK_COLUMNS)
        if fault := not_utf8_told(path):
            raise NotGoodbooksError(f"{fault}, or take the file from {_HOME} again")
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = rows_in(file)
            found = next((row.fields for row in rows), [])
            header = found or []
            if set(header) >= _OF_KAGGLE and "goodreads_book_id" not in header:
                raise NotGoodbooksError(
                    f"{path} is of another edition of goodbooks-10k, as Kaggle has it: its book_id is another number, and its ratings.csv has other numbers too; "
                    f"expected the column goodreads_book_id, as in the files of {_HOME}"
                )
            if absent := [column for column in _BOOK_COLUMNS if column not in header]:
                raise _no_books(path, header_told(found), absent)
            seen = dict[tuple[str, int], int]()
            for line, fields, text in rows:
                row = dict(zip(header, fields or [], strict=False))
                if problem := _problem(header, fields, row) or _repeated(row, line, seen):
                    self._reject(path.name, Line(line, text.rstrip("\r\n").encode()), problem)
                else:
                    yield row

    def _ratings(self, path: Path, known: _Known) -> None:
        with Repeats() as repeats:
            self._reviews_and_users(path, known, repeats)
            self.imported.repeated = repeats.count()

    def _reviews_and_users(self, path: Path, known: _Known, repeats: Repeats) -> None:
        bounds = {"user_id": _LARGEST_USER, "book_id": _LARGEST_BOOK, "rating": _STARS}
        among = {"book_id": Among(frozenset(np.flatnonzero(known.editions).tolist()), _NO_BOOK)}
        users = np.zeros(0, np.int64)

        def batches() -> Iterator[Batch]:
            nonlocal users
            with self.progress.open(path, "rb", description=path.name) as raw:
                reject = partial(self._reject, path.name)
                for numbers in numbers_in(raw, path.name, bounds, reject, among=among):
                    users = np.union1d(users, numbers.columns["user_id"])
                    repeats.add(numbers.columns["user_id"], numbers.columns["book_id"])
                    self.imported.reviews += len(numbers)
                    yield Batch(numbers.first, self._reviews(numbers, known))

        self.imported.written += write_files(self.store, REVIEWS, SOURCE, batches(), files_of=self.files_of)
        made = ids.of_numbered_user(SOURCE, users.astype(np.uint64))
        self._write(
            USERS,
            [
                _empty(USERS) | {"user_id": key, "user_name": f"{SOURCE}-{number}"}
                for key, number in zip(made.tolist(), users.tolist(), strict=True)
            ],
        )
        self.imported.users = len(users)

    def _reviews(self, numbers: Numbers, known: _Known) -> pa.Table:
        places = numbers.columns["book_id"]
        editions, authors = known.editions[places], known.authors[places]
        users = ids.of_numbered_user(SOURCE, numbers.columns["user_id"].astype(np.uint64))
        columns = {
            "review_id": pa.array(ids.of_review(users, editions)),
            "user_id": pa.array(users),
            "book_id": pa.array(editions),
            "author_id": pa.array(authors, mask=authors == 0),
            "review_rating": pa.array(numbers.columns["rating"]),
            VERSION.name: pa.repeat(self._version, len(numbers)),
        }
        nothing = pa.nulls(len(numbers), pa.string())
        return pa.table({column: columns.get(column, nothing) for column in REVIEWS.column_names})

    def _write(self, dataset: Dataset, rows: Iterable[Row]) -> None:
        whole = [row | {VERSION.name: self._version} for row in rows]
        table = self._rules.possible(dataset, text_table(dataset, whole), self.now, self.imported.emptied)
        batches = [Batch(1, table)] if whole else []
        self.imported.written += write_files(self.store, dataset, SOURCE, batches, files_of=self.files_of)

    def _reject(self, file: str, line: Line, reason: str) -> None:
        self.rejects.add(file, line, reason)
        self.imported.rejected += 1

    @property
    def _version(self) -> str:
        return self.captured_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _no_books(path: Path, found: str, absent: Sequence[str]) -> NotGoodbooksError:
    return NotGoodbooksError(
        f"{path}: found {found}; expected {', '.join(_BOOK_COLUMNS)} among the columns ({', '.join(absent)} missing), as in the files of {_HOME}"
    )


def _problem(header: list[str], fields: list[str] | None, row: Mapping[str, str]) -> str | None:
    if fields is None:
        return "a quote is not closed, or text follows a closing quote"
    if len(fields) != len(header):
        return f"found {len(fields)} fields, expected {len(header)}"
    for column, largest in _KEYS.items():
        digits = row[column]
        is_number = digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS
        if not (is_number and 0 < int(digits) <= largest):
            return f"{column} is {digits[:40]!r}, expected a number from 1 to {largest}"
    return None


def _repeated(row: Mapping[str, str], line: int, seen: dict[tuple[str, int], int]) -> str | None:
    """The reason to reject a row with a number of an earlier row; otherwise None, and the row's numbers are added to `seen`."""
    keys = [(column, int(row[column])) for column in _KEYS]
    for column, number in keys:
        if earlier := seen.get((column, number)):
            return f"{column} {number} is in line {earlier} already"
    seen.update(dict.fromkeys(keys, line))
    return None


def _known(rows: Sequence[Mapping[str, str]]) -> _Known:
    size = 1 + max((int(row["book_id"]) for row in rows), default=0)
    editions, authors = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    for row in rows:
        editions[int(row["book_id"])] = int(row["goodreads_book_id"])
        authors[int(row["book_id"])] = _first_author(row) or 0
    return _Known(editions, authors)


def _names(row: Mapping[str, str]) -> list[str]:
    return ids.names_in(plain_text(row["authors"]))


def _first_author(row: Mapping[str, str]) -> int | None:
    return next(map(ids.of_author, _names(row)), None)


def _book(row: Mapping[str, str]) -> Row:
    title = plain_text(row["title"])
    return _empty(BOOKS) | {
        "book_id": row["goodreads_book_id"],
        "title": title,
        "title_without_series": without_series(title),
        "image_url": row["image_url"],
        "book_url": f"https://www.goodreads.com/book/show/{row['goodreads_book_id']}",
        "average_rating": row["average_rating"],
        "ratings_count": row["ratings_count"],
        "authors": _first_author(row),
        "published": row["original_publication_year"],
    }


def _empty(dataset: Dataset) -> Row:
    return dict.fromkeys(dataset.column_names)
