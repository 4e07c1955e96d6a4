"""What `pipeline replay` shows."""

from collections.abc import Sequence
from pathlib import Path

from humanize import naturalsize
from rich.console import Console
from rich.table import Table
from rich.text import Text

from command_line.counting import counted
from operations.replay.export import OVERVIEW, Overview
from operations.replay.landing import Landed

_SHOWN = 20


def show_export(console: Console, overview: Overview, folder: Path) -> None:
    """Say which files of the export to repair, and how to land them afterwards."""
    if overview.broken:
        console.print(_broken_table(overview))
    for path, problem in overview.files[:_SHOWN]:
        console.print(Text(f"{path}: {problem}"), soft_wrap=True)
    if len(overview.files) > _SHOWN:
        console.print(f"and {counted(len(overview.files) - _SHOWN, 'more file')}")
    hint = (
        f"{folder / OVERVIEW} lists each record with its line and what is wrong with it. "
        f"Repair the files, then land them with --from {folder}"
    )
    console.print(Text(hint), soft_wrap=True)


def show_landed(console: Console, landed: Sequence[Landed]) -> None:
    """List the files that were landed, and say which run takes them."""
    table = Table(title="landed", title_justify="left")
    table.add_column("key", overflow="fold")
    table.add_column("size", justify="right")
    for file in landed:
        table.add_row(Text(file.key), naturalsize(file.bytes))
    console.print(table)
    console.print(
        "the next scheduled run takes these files (on this machine: make up, or make run). If that run rejects some rows "
        "again, replay that run, not this one",
        soft_wrap=True,
    )


def _broken_table(overview: Overview) -> Table:
    """The rules that the records break, with one example value each."""
    table = Table(title="rejected records", title_justify="left")
    for heading in ("file", "column", "rule", "records", "for example"):
        table.add_column(heading, justify="right" if heading == "records" else "left", overflow="fold")
    for breach, records in sorted(overview.broken.items())[:_SHOWN]:
        table.add_row(*map(Text, breach), f"{records:,}", Text(overview.values[breach]))
    if len(overview.broken) > _SHOWN:
        table.add_row(f"and {len(overview.broken) - _SHOWN:,} more", "", "", "", "")
    return table
