"""`python -m capture import-library FILE --user NAME --out DIR`: makes landing files of a reader's library export."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self

import typer

from capture import options
from capture.emptying import Emptied
from capture.errors import CaptureError
from capture.library.export import Fault
from capture.library.importing import Imported, exported_at, import_export
from capture.library.records import Reader
from command_line.answers import answers
from command_line.counting import counted
from landing.errors import StoreError
from landing.stores import store_at

_SHOWN = 20
_LARGEST = 2**40


def import_library(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="goodreads_library_export.csv.", exists=True, dir_okay=False),
    ],
    *,
    user: Annotated[str, typer.Option(metavar="NAME", help="Name of the reader.")],
    out: Annotated[
        str, typer.Option(help="Folder for the landing files, created if missing, or s3://bucket/prefix.")
    ],
    user_id: Annotated[
        int | None,
        typer.Option(
            help="The reader's number on Goodreads, as in the address of the profile; default: made from the name, so that readers of one name are one user.",
            min=1,
            max=_LARGEST,
        ),
    ] = None,
    captured_at: Annotated[
        datetime | None,
        typer.Option(
            help="When the export was downloaded (UTC), the version of all records; default: the file's time.",
        ),
    ] = None,
) -> None:
    """Make landing files of a library export: the books, their authors, the reviews and the reader. Private notes are not read.

    A book that was rated, reviewed or read has a review; other books only stand on a shelf. A repeated import replaces its
    own files. The exit code is 1 if rows were left out (the others are imported), and 2 if the import is not possible.
    """
    now = datetime.now(UTC)
    captured = options.captured_at(captured_at or exported_at(file), now)
    try:
        imported = import_export(file, Reader(user, user_id), store_at(out), captured, now)
    except (CaptureError, StoreError, OSError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    made = LibrarySummary.of(imported)
    answers.give(made, lambda: typer.echo(made))
    if user_id is None:
        typer.echo(namesakes(user), err=answers.as_json)
    if imported.faults:
        typer.echo(left_out(imported.faults), err=True)
        raise typer.Exit(1)


@dataclass(frozen=True, kw_only=True)
class LibrarySummary:
    """What became of an export's rows. `only_shelved` books have no review; `copies` are rows of a book that has another row."""

    rows: int
    books: int
    authors: int
    reviews: int
    only_shelved: int
    copies: int
    left_out: Sequence[Fault]
    emptied: Emptied

    @classmethod
    def of(cls, imported: Imported) -> Self:
        """What was made of an imported export."""
        return cls(
            rows=imported.rows,
            books=imported.books,
            authors=imported.authors,
            reviews=imported.reviews,
            only_shelved=imported.books - imported.reviews,
            copies=imported.copies,
            left_out=imported.faults,
            emptied=imported.emptied,
        )

    def __str__(self) -> str:
        """One or two lines."""
        stand = "stands" if self.only_shelved == 1 else "stand"
        text = (
            f"{counted(self.rows, 'row')}: {counted(self.books, 'book')} by {counted(self.authors, 'author')}, "
            f"{counted(self.reviews, 'review')} ({counted(self.only_shelved, 'book')} only {stand} on a shelf)"
        )
        if self.copies:
            text += f", {counted(self.copies, 'more copy', 'more copies')} of a book"
        if self.left_out:
            text += f", {len(self.left_out):,} left out"
        return "\n".join(filter(None, [text, str(self.emptied)]))


def summary(imported: Imported) -> str:
    """What became of the rows, in one or two lines."""
    return str(LibrarySummary.of(imported))


def namesakes(name: str) -> str:
    """What follows if the reader is known by name alone."""
    return (
        f"All readers called {name} are one user; if exports of several meet, give each one's number on Goodreads: "
        "--user-id (make: READER_ID)"
    )


def left_out(faults: Sequence[Fault]) -> str:
    """The rows that were left out, by line, with the reason; not their text, which may hold a private note."""
    shown = [f"line {fault.line:,} is left out: {fault.reason}" for fault in faults[:_SHOWN]]
    more = [f"and {len(faults) - _SHOWN:,} more"] if faults[_SHOWN:] else []
    return "\n".join(shown + more)
