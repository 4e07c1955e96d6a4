"""`python -m capture import-goodbooks FOLDER --out DIR`: makes landing files of goodbooks-10k."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import humanize
import typer

from capture import options
from capture.errors import CaptureError
from capture.goodbooks.importing import LEFT_OUT, RATINGS_FILE, Importer
from capture.progress import progress_of_files
from capture.rejects import Rejects
from command_line.counting import counted
from landing.errors import StoreError
from landing.sizes import size_in_bytes
from landing.stores import store_at

_MADE = datetime(2017, 9, 1)  # noqa: DTZ001 - the data set is of that autumn; its covers are from until July


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
    seconds = time.monotonic() - started
    read = (folder / RATINGS_FILE).stat().st_size
    typer.echo(
        f"{counted(imported.books, 'book')} by {counted(imported.authors, 'author')}, "
        f"{counted(imported.reviews, 'review')} by {counted(imported.users, 'user')}, {counted(imported.rejected, 'line')} rejected; read {humanize.naturalsize(read)} of ratings in {seconds:.1f} s "
        f"({humanize.naturalsize(read / seconds)}/s)"
    )
    if others := [name for name in LEFT_OUT if (folder / name).exists()]:
        typer.echo(f"left out, because they hold nothing for the catalog: {', '.join(others)}")
    if emptied := str(imported.emptied):
        typer.echo(emptied)
    if imported.rejected:
        typer.echo(f"rejected lines, with reasons: {rejects}", err=True)
        raise typer.Exit(1)
