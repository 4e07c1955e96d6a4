"""What `forget` shows."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from operations.forget.subject import Subject
from operations.forget.zones import Found

_SHOWN = 20


def document(
    subject: Subject, rows: Mapping[str, int], zones: Mapping[str, Found], *, changed: bool, left_out: bool
) -> dict[str, Any]:
    """Where something of the subject was found, as JSON has it."""
    return {
        "subject": str(subject),
        "changed": changed,
        "left_out_later": left_out,
        "warehouse": dict(rows),
        "zones": {
            name: {
                "objects": zone.objects,
                "records": zone.records,
                "older_versions": zone.older_versions,
                "doubtful": list(zone.doubtful),
            }
            for name, zone in zones.items()
        },
    }


def show(
    console: Console,
    subject: Subject,
    rows: Mapping[str, int],
    zones: Mapping[str, Found],
    *,
    dry_run: bool,
    left_out: bool = False,
) -> None:
    """Where something of the subject was found, what happened to it, and what a person still has to do."""
    found = bool(rows) or any(zone.records for zone in zones.values())
    if found:
        console.print(_table(subject, rows, zones, dry_run=dry_run))
    else:
        console.print(Text(f"nothing of {subject} was found"))
    if found and dry_run:
        console.print("nothing was changed: call the command without --dry-run to delete it")
    if found and not dry_run:
        console.print(
            "the ledger counts what was deleted (goodreads_warehouse.ledger_forgotten). The next run checks the warehouse and "
            "rebuilds the analytics tables, which hold the old figures until then. Snapshots of the cluster and files that were "
            "not landed yet are not touched",
            soft_wrap=True,
        )
    _show_doubtful(console, subject, zones)
    if left_out:
        console.print(
            f"later deliveries of {subject} will be left out of the warehouse (goodreads_warehouse.left_out); the copies of files "
            "that hold it stay in the zones until the command is called again",
            soft_wrap=True,
        )


def _table(subject: Subject, rows: Mapping[str, int], zones: Mapping[str, Found], *, dry_run: bool) -> Table:
    table = Table(title=f"{subject} {'is in' if dry_run else 'was deleted from'}", title_justify="left")
    table.add_column("place")
    table.add_column("objects", justify="right")
    table.add_column("records", justify="right")
    for name, count in rows.items():
        table.add_row(name, "", f"{count:,}")
    for name, zone in zones.items():
        if zone.records:
            older = f" ({zone.older_versions:,} older versions)" if zone.older_versions else ""
            table.add_row(f"{name} zone", f"{zone.objects:,}{older}", f"{zone.records:,}")
    return table


def _show_doubtful(console: Console, subject: Subject, zones: Mapping[str, Found]) -> None:
    doubtful = [address for zone in zones.values() for address in zone.doubtful]
    if not doubtful:
        return
    console.print(
        Text(
            f"the number {subject.key} is also in files whose records cannot be told apart: look at them, and delete them if it "
            "means the same there"
        ),
        soft_wrap=True,
    )
    for address in doubtful[:_SHOWN]:
        console.print(Text(f"  {address}"), soft_wrap=True)
    if len(doubtful) > _SHOWN:
        console.print(f"  and {len(doubtful) - _SHOWN:,} more")
