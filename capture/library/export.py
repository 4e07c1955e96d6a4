"""Reads a library export: the rows, and what is wrong with those that cannot be read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import NamedTuple

from capture import ids
from capture.csv_rows import header_told, not_utf8_told, rows_in
from capture.emptying import possible_period
from capture.errors import CaptureError
from catalog import REVIEWS

BOOK_ID, TITLE, AUTHOR, MORE_AUTHORS = "Book Id", "Title", "Author", "Additional Authors"
ISBN, ISBN_13, RATING, AVERAGE = "ISBN", "ISBN13", "My Rating", "Average Rating"
PUBLISHER, BINDING, PAGES = "Publisher", "Binding", "Number of Pages"
YEAR, FIRST_YEAR = "Year Published", "Original Publication Year"
DATE_READ, DATE_ADDED, SHELF = "Date Read", "Date Added", "Exclusive Shelf"
REVIEW, SPOILER, READ_COUNT = "My Review", "Spoiler", "Read Count"

_NEEDED = (BOOK_ID, TITLE, AUTHOR, RATING)
_READ = {
    *_NEEDED,
    *(MORE_AUTHORS, ISBN, ISBN_13, AVERAGE, PUBLISHER, BINDING, PAGES, YEAR, FIRST_YEAR),
    *(DATE_READ, DATE_ADDED, SHELF, REVIEW, SPOILER, READ_COUNT),
}
"""The columns that are read. `Private Notes` is not one of them, so a note never leaves the csv module."""

_HEAD = 4096  # bytes
_NO_CSV = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"\x1f\x8b": "a gzip archive",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"%PDF": "a PDF",
    b"<": "a web page",
}
_WAY_OUT = "download the file again (My Books, Import and export, Export library) and give it unchanged"
_DATE = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})")
_POSSIBLE = {
    BOOK_ID: (
        re.compile(r"0*[1-9][0-9]{0,11}|"),
        "a number, which a spreadsheet program may have written as 2.23E+07",
    ),
    RATING: (re.compile(r"[0-5]?"), "0 to 5"),
    SHELF: (re.compile(r"\S*"), "the name of one shelf, without spaces"),
    SPOILER: (re.compile(r"true|t|yes|1|false|f|no|0|", re.IGNORECASE), "true or false"),
    READ_COUNT: (re.compile(r"[0-9]*"), "a number"),
}
"""What these columns can hold. Another text means that the row is shifted: a comma without quotes moves each value into the next column."""
_DAYS = (DATE_READ, DATE_ADDED)

Period = tuple[datetime, datetime]


class NotAnExportError(CaptureError):
    """The file is no library export; the message says what it is."""


class Fault(NamedTuple):
    """A row that cannot be imported; `line` is the number of its first line. The row itself is not kept: it may hold a private note."""

    line: int
    reason: str


@dataclass(frozen=True)
class Entry:
    """A row: the texts by column, empty where the export lacks the column. `line` is the number of its first line.

    Days that are not in the `period`, first and last instant, are impossible.
    """

    line: int
    texts: Mapping[str, str]
    period: Period

    def __getitem__(self, column: str) -> str:
        return self.texts.get(column, "")

    @property
    def book_id(self) -> int | None:
        """Goodreads' number of the book; else an id made from ISBN, or from title and author; None if the row has none of them."""
        if self[BOOK_ID]:
            return int(self[BOOK_ID])
        isbn = next((text for column in (ISBN_13, ISBN) if ids.isbn_13(text := isbn_in(self[column]))), "")
        return ids.of_book(isbn, self[TITLE], self[AUTHOR])

    @property
    def is_review(self) -> bool:
        """Whether the reader has rated, reviewed or read the book; otherwise it only stands on a shelf."""
        has_stars = self[RATING] not in ("", "0")
        return has_stars or bool(self[REVIEW] or self[DATE_READ]) or self[SHELF].casefold() == "read"

    @property
    def since(self) -> date | None:
        """The later of the days on which the book was read and shelved: a review was not written before; None if no possible day is known."""
        return max(filter(None, map(self._day, _DAYS)), default=None)

    @property
    def odd_days(self) -> list[str]:
        """The texts of the days that cannot be."""
        return [self[column] for column in _DAYS if self[column] and not self._day(column)]

    def _day(self, column: str) -> date | None:
        day = date_in(self[column])
        first, last = self.period
        return day if day and first <= datetime.combine(day, time(), UTC) <= last else None


def entries_in(path: Path, now: datetime) -> Iterator[Entry | Fault]:
    """The rows of an export that is read at `now`, in their order. Raises NotAnExportError before the first row, and OSError."""
    period = possible_period(REVIEWS.column("review_added_date"), now)
    with path.open("rb") as raw:
        _require_text(path, raw.read(_HEAD))
    _require_utf8(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = rows_in(file)
        found = next(rows).fields
        header = [name.strip() for name in found or []]
        _require_columns(path, header, header_told(found and header))
        for line, fields, _ in rows:
            if fields is None:
                yield Fault(line, "a quote is not closed, or text follows a closing quote")
            elif any(fields):
                yield _entry(line, header, fields, period)


def isbn_in(text: str) -> str:
    """The digits in `="0374159122"`: the formula keeps a spreadsheet from reading a number."""
    return text.removeprefix("=").strip('"')


def date_in(text: str) -> date | None:
    """The day in `2024/1/5` or `2024-01-05`; None for other texts and for days that do not exist."""
    if found := _DATE.fullmatch(text):
        try:
            return date(*map(int, found.groups()))
        except ValueError:
            return None
    return None


def _entry(line: int, header: Sequence[str], fields: Sequence[str], period: Period) -> Entry | Fault:
    if len(fields) != len(header):
        return Fault(
            line,
            f"found {len(fields)} fields, expected {len(header)}, so a value may stand in another's column",
        )
    texts = zip(header, fields, strict=True)
    entry = Entry(line, {column: text.strip() for column, text in texts if column in _READ}, period)
    for column, (possible, what) in _POSSIBLE.items():
        if not possible.fullmatch(entry[column]):
            return Fault(
                line,
                f"{column} is not {what}, so a value may stand in another's column; give the file as it was downloaded",
            )
    if entry.book_id is None:
        return Fault(line, f"found no {BOOK_ID}, no ISBN and no title, expected one of them")
    return entry


def _require_text(path: Path, head: bytes) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise NotAnExportError(f"{path} is empty; {_WAY_OUT}")
    for beginning, what in _NO_CSV.items():
        if text.startswith(beginning):
            raise NotAnExportError(f"{path} is {what}, expected a CSV file; {_WAY_OUT}")
    if b"\0" in head:
        raise NotAnExportError(f"{path} is no text, expected a CSV file; {_WAY_OUT}")


def _require_utf8(path: Path) -> None:
    if fault := not_utf8_told(path):
        raise NotAnExportError(f"{fault}, or {_WAY_OUT}")


def _require_columns(path: Path, header: Sequence[str], found: str) -> None:
    if missing := [column for column in _NEEDED if column not in header]:
        raise NotAnExportError(
            f"{path} is no library export of Goodreads: found {found}; "
            f"expected {', '.join(_NEEDED)} among the columns ({', '.join(missing)} missing); {_WAY_OUT}"
        )
    if repeated := [column for column in sorted(_READ) if header.count(column) > 1]:
        raise NotAnExportError(f"{path} has the column {repeated[0]!r} twice, expected it once; {_WAY_OUT}")
