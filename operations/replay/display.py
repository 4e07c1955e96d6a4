"""What `replay` shows."""

from collections.abc import Sequence
from pathlib import Path

from humanize import naturalsize
from rich.console import Console
from rich.table import Table
from rich.text import Text

from operations.replay.export import OVERVIEW, Overview
from operations.replay.landing import Landed

_SHOWN = 20


def show_export(console: Console, overview: Overview, folder: Path) -> None:
    """What is to be repaired where, and how it is landed afterwards."""
    if overview.broken:
        console.print(_broken_table(overview))
    for path, problem in overview.files[:_SHOWN]:
        console.print(Text(f"{path}: {problem}"), soft_wrap=True)
    if len(overview.files) > _SHOWN:
        console.print(f"and {len(overview.files) - _SHOWN:,} more files")
    hint = f"each record, its line and what is wrong with it: {folder / OVERVIEW}. Repair the files and land them: --from {folder}"
    console.print(Text(hint), soft_wrap=True)


def show_landed(console: Console, landed: Sequence[Landed]) -> None:
    """What is in the landing zone now, and what takes it from there."""
    table = Table(title="landed", title_justify="left")
    table.add_column("key", overflow="fold")
    table.add_column("size", justify="right")
    for file in landed:
        table.add_row(Text(file.key), naturalsize(file.bytes))
    console.print(table)
    console.print(
        "the next scheduled run takes them (on this machine: make up, or make run). What it rejects again is in "
        "quarantine under its own name: replay that run then, not this one",
        soft_wrap=True,
    )


def _broken_table(overview: Overview) -> Table:
    """The rules that records break, and one value for each."""
    table = Table(title="rejected records", title_justify="left")
    for heading in ("file", "column", "rule", "records", "for example"):
        table.add_column(heading, justify="right" if heading == "records" else "left", overflow="fold")
    for breach, records in sorted(overview.broken.items())[:_SHOWN]:
        table.add_row(*map(Text, breach), f"{records:,}", Text(overview.values[breach]))
    if len(overview.broken) > _SHOWN:
        table.add_row(f"and {len(overview.broken) - _SHOWN:,} more", "", "", "", "")
    return table
