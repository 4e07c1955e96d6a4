"""`pipeline permissions`: which role did what, and what it may do and does not."""

from typing import Any

from rich.table import Table

from local_cloud.iam.grants import short
from local_cloud.iam.record import Recorded
from local_cloud.state import StateFolder
from operations.options import DEFAULT_STATE, State
from operations.permissions.report import Report, report_here
from operations.terminal import console, told


def permissions(state: State = DEFAULT_STATE) -> None:
    """Print role x action x resource: used, granted and never used, refused, since the state folder exists."""
    with told():
        report = report_here(StateFolder(state))
        console.answer(document(report), lambda: console.print(*tables(report), sep="\n"))


def document(report: Report) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "used": [_call(call) for call in report.calls if call.allowed],
        "unused": [
            {"grant": str(row.grant), "reason": row.reason or None} for row in report.rows if not row.used
        ],
        "refused": [_call(call) for call in report.refused],
    }


def tables(report: Report) -> list[Table]:
    """One table each for what was used, what is granted and was never used, and what was refused."""
    used = _table("used", "role", "action", "resource")
    for call in report.calls:
        if call.allowed:
            used.add_row(call.caller, call.action, short(call.resource))
    unused = _table("granted and never used", "grant", "why it stays")
    for row in report.rows:
        if not row.used:
            unused.add_row(str(row.grant), row.reason or "[yellow]not in these runs[/]")
    refused = _table("refused", "role", "action", "resource")
    for call in report.refused:
        refused.add_row(call.caller, call.action, short(call.resource))
    return [used, unused, *([refused] if report.refused else [])]


def _call(call: Recorded) -> dict[str, str]:
    return {"role": call.caller, "action": call.action, "resource": call.resource}


def _table(title: str, *columns: str) -> Table:
    table = Table(title=f"{title}", title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
