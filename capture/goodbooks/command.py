"""`python -m capture import-goodbooks FOLDER --out DIR`: makes landing files of goodbooks-10k."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import humanize
import typer

from capture import options
from capture.emptying import Emptied
from capture.errors import CaptureError
from capture.goodbooks.importing import LEFT_OUT, RATINGS_FILE, Importer
from capture.progress import progress_of_files
from capture.rejects import Rejects
from command_line.answers import answers
from command_line.counting import counted
from landing.errors import StoreError
from landing.sizes import size_in_bytes
from landing.stores import store_at

_MADE = datetime(2017, 9, 1)  # noqa: DTZ001 - the data set is of that autumn; its covers are from until July


@dataclass(frozen=True, kw_only=True)
class GoodbooksSummary:
    """What became of the data set. `read_bytes` is the size of the ratings; `other_files` hold nothing for the catalog.

    `repeated` counts the reviews whose user and book are those of an earlier line. `rejected` counts lines; the file `rejects` has them with the reasons, None if there are none.
    """

    books: int
    authors: int
    reviews: int
    users: int
    repeated: int
    rejected: int
    rejects: Path | None
    read_bytes: int
    seconds: float
    other_files: Sequence[str]
    emptied: Emptied

    def __str__(self) -> str:
        """One to three lines."""
        repeated = (
            f" ({self.repeated:,} repeat the user and book of an earlier line)" if self.repeated else ""
        )
        text = (
            f"{counted(self.books, 'book')} by {counted(self.authors, 'author')}, "
            f"{counted(self.reviews, 'review')} by {counted(self.users, 'user')}{repeated}, {counted(self.rejected, 'line')} rejected; "
            f"read {humanize.naturalsize(self.read_bytes)} of ratings in {self.seconds:.1f} s "
            f"({humanize.naturalsize(self.read_bytes / self.seconds)}/s)"
        )
        others = ", ".join(self.other_files)
        left_out = f"left out, because they hold nothing for the catalog: {others}" if others else ""
        return "\n".join(filter(None, [text, left_out, str(self.emptied)]))


def import_goodbooks(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="Folder with books.csv and ratings.csv.", exists=True, file_okay=False
        ),
    ],
    *,
    out: Annotated[
        str, typer.Option(help="Folder for the landing files, created if missing, or s3://bucket/prefix.")
    ],
    files_of: Annotated[
        int, typer.Option(parser=size_in_bytes, metavar="SIZE", help="Approximate size of a landing file.")
    ] = "128MB",  # type: ignore[assignment] # the parser turns it into a number
    captured_at: Annotated[
        datetime, typer.Option(help="Version (UTC) of all records: the data set has no dates.")
    ] = _MADE,
    rejects: Annotated[
        Path, typer.Option(help="File for lines that cannot be imported (JSON lines).", dir_okay=False)
    ] = Path("goodbooks-rejects.jsonl"),
) -> None:
    """Make landing files of goodbooks-10k: books, authors, ratings as reviews, and users.

    A repeated import replaces its own files. The exit code is 1 if lines were rejected (the others are imported), and 2 if the
    import is not possible.
    """
    started, now = time.monotonic(), datetime.now(UTC)
    if rejects.resolve().is_relative_to(Path(out).resolve()):
        raise typer.BadParameter(
            f"{rejects} would be among the landing files and be quarantined; choose a path outside --out",
            param_hint="--rejects",
        )
    captured = options.captured_at(captured_at, now)
    try:
        with progress_of_files() as progress, Rejects(rejects) as lines:
            imported = Importer(
                store=store_at(out),
                rejects=lines,
                captured_at=captured,
                now=now,
                files_of=files_of,
                progress=progress,
            ).run(folder)
    except (CaptureError, StoreError, OSError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    made = GoodbooksSummary(
        books=imported.books,
        authors=imported.authors,
        reviews=imported.reviews,
        users=imported.users,
        repeated=imported.repeated,
        rejected=imported.rejected,
        rejects=rejects if imported.rejected else None,
        read_bytes=(folder / RATINGS_FILE).stat().st_size,
        seconds=time.monotonic() - started,
        other_files=[name for name in LEFT_OUT if (folder / name).exists()],
        emptied=imported.emptied,
    )
    answers.give(made, lambda: typer.echo(made))
    if imported.rejected:
        typer.echo(f"rejected lines, with reasons: {rejects}", err=True)
        raise typer.Exit(1)
