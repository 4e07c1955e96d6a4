"""`python -m capture import-ucsd FOLDER --out DIR`: makes landing files from the dumps of the UCSD Book Graph."""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self

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
from command_line.answers import answers
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
    made = DumpsSummary(
        dumps=[DumpSummary.of(each) for each in imported],
        bytes=sum(each.written.bytes for each in imported),
        seconds=time.monotonic() - started,
        mended=sum(each.mended for each in imported),
        has_works=any(each.dump.kind.for_books for each in imported),
        lacks_books=_lacks_books([each.dump for each in imported]),
        other_files=[path.name for path in others],
        rejects=rejects if any(each.rejected for each in imported) else None,
        emptied=sum((each.emptied for each in imported), Emptied()),
    )
    answers.give(made, lambda: _show(Console(), made))
    if made.rejects:
        typer.echo(f"rejected lines, with reasons: {rejects}", err=True)
        raise typer.Exit(1)


@dataclass(frozen=True, kw_only=True)
class DumpSummary:
    """What became of a dump's lines: lines = records + left out + rejected. `emptied` counts values, `users` the records made from reviews."""

    dump: str
    lines: int
    records: int
    left_out: int
    rejected: int
    emptied: int
    users: int
    files: int

    @classmethod
    def of(cls, imported: Imported) -> Self:
        """What became of an imported dump."""
        return cls(
            dump=imported.dump.path.name,
            lines=imported.lines,
            records=imported.records,
            left_out=imported.left_out,
            rejected=imported.rejected,
            emptied=imported.emptied.counts.total(),
            users=imported.users,
            files=imported.written.files,
        )


@dataclass(frozen=True, kw_only=True)
class DumpsSummary:
    """What became of all dumps: `bytes` of CSV in `seconds`. `mended` counts lines that were not valid JSON and were read even so.

    `lacks_books`: reviews were imported without books, so the reviews have no author. `other_files` hold nothing for the catalog. The file
    `rejects` has the rejected lines, None if there are none.
    """

    dumps: Sequence[DumpSummary]
    bytes: int
    seconds: float
    mended: int
    has_works: bool
    lacks_books: bool
    other_files: Sequence[str]
    rejects: Path | None
    emptied: Emptied


def _show(console: Console, made: DumpsSummary) -> None:
    """Print a table of the dumps, and what else a person should know."""
    console.print(_table(made.dumps))
    speed = humanize.naturalsize(made.bytes / made.seconds)
    console.print(
        f"{humanize.naturalsize(made.bytes)} of CSV in {made.seconds:.1f} s ({speed}/s)", highlight=False
    )
    if made.mended:
        console.print(
            f"{made.mended:,} lines were not valid JSON and were read even so; bytes that are no characters became U+FFFD",
            highlight=False,
        )
    if made.has_works and not made.lacks_books:
        console.print("works make no records: the books have from them the years of their first publication")
    if made.other_files:
        names = ", ".join(made.other_files)
        console.print(f"left out, because they hold nothing for the catalog: {names}", soft_wrap=True)
    if made.lacks_books:
        console.print("no books were given, so the reviews have no author", style="yellow")
    if emptied := str(made.emptied):
        typer.echo(emptied)


def _table(dumps: Sequence[DumpSummary]) -> Table:
    """A column for each field of a dump's summary."""
    table = Table(title="lines = records + left out + rejected")
    name, *counts = (field.name.replace("_", " ") for field in fields(DumpSummary))
    table.add_column(name, overflow="fold")
    for count in counts:
        table.add_column(count, justify="right")
    for each in dumps:
        name, *numbers = astuple(each)
        table.add_row(name, *(f"{number:,}" for number in numbers))
    return table


def _lacks_books(dumps: Sequence[Dump]) -> bool:
    datasets = [dump.kind.dataset for dump in dumps if not dump.kind.for_books]
    return REVIEWS in datasets and BOOKS not in datasets
