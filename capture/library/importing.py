"""Makes landing files of a library export."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from capture.emptying import Emptied, Rules, text_table
from capture.landing_files import Batch, write_files
from capture.library.export import Entry, Fault, entries_in
from capture.library.records import (
    Reader,
    Row,
    author_rows,
    book_row,
    damaged_authors,
    one_of_each_book,
    review_row,
    user_row,
)
from catalog import AUTHORS, BOOKS, REVIEWS, USERS, Dataset
from landing.stores import Store

_FILES_OF = 128_000_000  # bytes; an export has some megabytes at most


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of an export: rows = books + copies + faults; the reviews are of the books."""

    books: int
    authors: int
    reviews: int
    copies: int
    faults: Sequence[Fault]
    emptied: Emptied

    @property
    def rows(self) -> int:
        """The rows of the export."""
        return self.books + self.copies + len(self.faults)


def exported_at(path: Path) -> datetime:
    """When the export was downloaded, as far as the file tells: the time of its last change, in UTC."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)


def import_export(path: Path, reader: Reader, store: Store, captured_at: datetime, now: datetime) -> Imported:
    """Write the export's records to the store, as one file of each dataset; a repeated import replaces its files.

    `captured_at` (UTC) is the version of all records. Raises NotAnExportError, OSError and StoreError, and ValueError for a reader without a name.
    """
    read = list(entries_in(path, now))
    faults = [each for each in read if isinstance(each, Fault)]
    entries = [each for each in read if isinstance(each, Entry)]
    books = one_of_each_book(entries)
    reviews = [entry for entry in books if entry.is_review]
    version = captured_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    rows: dict[Dataset, list[Row]] = {
        AUTHORS: list(author_rows(books, version)),
        BOOKS: [book_row(entry, version) for entry in books],
        USERS: [user_row(reader, version)],
        REVIEWS: [review_row(entry, reader, version) for entry in reviews],
    }
    emptied, rules = (
        Emptied(shows_values=False),
        Rules(),
    )  # a faulty row may hold a private note in any column
    stem = f"library-{reader.id}"  # without the reader's name: a ledger keeps names of files even if the reader is forgotten
    for dataset, of_dataset in rows.items():
        table = rules.possible(dataset, text_table(dataset, of_dataset), now, emptied)
        batches = [Batch(1, table)] if of_dataset else []
        write_files(store, dataset, stem, batches, files_of=_FILES_OF)
    _count_odd_dates(reviews, emptied)
    for name in damaged_authors(books):
        emptied.add(f"{AUTHORS.name}.name", name)
    return Imported(
        books=len(books),
        authors=len(rows[AUTHORS]),
        reviews=len(reviews),
        copies=len(entries) - len(books),
        faults=faults,
        emptied=emptied,
    )


def _count_odd_dates(reviews: Sequence[Entry], emptied: Emptied) -> None:
    for entry in reviews:
        for text in entry.odd_days:
            emptied.add("reviews.review_added_date", text)
