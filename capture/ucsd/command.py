"""`python -m capture import-ucsd FOLDER --out DIR`: makes landing files from the dumps of the UCSD Book Graph."""

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import humanize
import typer
from rich.console import Console
from rich.table import Table

from capture import options
from capture.emptying import Emptied
from capture.errors import CaptureError
from capture.progress import progress_of_files
from capture.ucsd.dumps import Dump, UnknownDumpError, dumps_among
from capture.ucsd.importing import Imported, Importer
from catalog import BOOKS, REVIEWS
from landing.errors import StoreError
from landing.sizes import size_in_bytes
from landing.stores import store_at

_COLLECTED = datetime(2017, 11, 1)  # noqa: DTZ001 - "late 2017" is all that the authors say


def import_ucsd(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER|FILE...",
            help="Dumps (.json.gz or .json, goodreads_interactions.csv), or folders that contain dumps.",
            exists=True,
            readable=True,
        ),
    ],
    *,
    out: Annotated[
        str, typer.Option(help="Folder for the landing files, created if missing, or s3://bucket/prefix.")
    ],
    limit: Annotated[
        int | None,
        typer.Option(help="Lines to import from each dump; default: all. Works are read whole.", min=1),
    ] = None,
    files_of: Annotated[
        int, typer.Option(parser=size_in_bytes, metavar="SIZE", help="Approximate size of a landing file.")
    ] = "128MB",  # type: ignore[assignment] # the parser turns it into a number
    captured_at: Annotated[
        datetime,
        typer.Option(help="Version (UTC) of records without a date: authors, books and users."),
    ] = _COLLECTED,
    rejects: Annotated[
        Path, typer.Option(help="File for lines that cannot be imported (JSON lines).", dir_okay=False)
    ] = Path("ucsd-rejects.jsonl"),
) -> None:
    """Make landing files of the UCSD Book Graph: authors, books, reviews, and the users of the reviews.

    Give books together with their reviews: the reviews get their authors from the books. Works say when the books were first published. A review's version is the time
    of its last change, so a newer capture wins. A repeated import replaces its own files. An impossible value, like
    -3 votes, becomes empty; the last line says how many did. The exit code is 1 if lines were rejected (the others are
    imported), and 2 if the import is not possible.
    """
    if rejects.resolve().is_relative_to(Path(out).resolve()):
        raise typer.BadParameter(
            f"{rejects} would be among the landing files and be quarantined; choose a path outside --out",
            param_hint="--rejects",
        )
    started, now = time.monotonic(), datetime.now(UTC)
    captured = options.captured_at(captured_at, now)
    try:
        dumps, others = dumps_among(sources)
        store = store_at(out)
    except (UnknownDumpError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    with progress_of_files() as progress:
        importer = Importer(
            store=store,
            rejects_path=rejects,
            captured_at=captured,
            now=now,
            files_of=files_of,
            limit=limit,
            progress=progress,
        )
        try:
            imported = importer.run(dumps)
        except (CaptureError, StoreError, OSError, sqlite3.OperationalError) as error:
            raise typer.BadParameter(str(error)) from None
    _report(Console(), imported, others, time.monotonic() - started)
    has_rejects = any(each.rejected for each in imported)
    if has_rejects:
        typer.echo(f"rejected lines, with reasons: {rejects}", err=True)
    if emptied := str(sum((each.emptied for each in imported), Emptied())):
        typer.echo(emptied)
    if has_rejects:
        raise typer.Exit(1)


def _report(console: Console, imported: Sequence[Imported], others: Sequence[Path], seconds: float) -> None:
    """Print a table of the dumps, and what else a person should know."""
    console.print(_table(imported))
    size = sum(each.written.bytes for each in imported)
    speed = humanize.naturalsize(size / seconds)
    console.print(f"{humanize.naturalsize(size)} of CSV in {seconds:.1f} s ({speed}/s)", highlight=False)
    if mended := sum(each.mended for each in imported):
        console.print(
            f"{mended:,} lines were not valid JSON and were read even so; bytes that are no characters became U+FFFD",
            highlight=False,
        )
    lacks_books = _lacks_books([each.dump for each in imported])
    if any(each.dump.kind.for_books for each in imported) and not lacks_books:
        console.print("works make no records: the books have from them the years of their first publication")
    if others:
        names = ", ".join(path.name for path in others)
        console.print(f"left out, because they hold nothing for the catalog: {names}", soft_wrap=True)
    if lacks_books:
        console.print("no books were given, so the reviews have no author", style="yellow")


def _table(imported: Sequence[Imported]) -> Table:
    table = Table(title="lines = records + left out + rejected")
    table.add_column("dump", overflow="fold")
    for name in ("lines", "records", "left out", "rejected", "emptied", "users", "files"):
        table.add_column(name, justify="right")
    for each in imported:
        emptied = each.emptied.counts.total()
        counts = (
            each.lines,
            each.records,
            each.left_out,
            each.rejected,
            emptied,
            each.users,
            each.written.files,
        )
        table.add_row(each.dump.path.name, *(f"{count:,}" for count in counts))
    return table


def _lacks_books(dumps: Sequence[Dump]) -> bool:
    datasets = [dump.kind.dataset for dump in dumps if not dump.kind.for_books]
    return REVIEWS in datasets and BOOKS not in datasets
