"""What the commands show: the states of a run and its accounting, executions, query results."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from command_line.counting import counted
from contract.ledger import IDENTITY, ROWS, word_of
from landing.disk import is_of_full_disk
from local_cloud.mailbox import Mail
from operations.executions import Execution, StateVisit

_MARKS = {"SUCCEEDED": "green", "RUNNING": "yellow", "FAILED": "red", "ABORTED": "red", "TIMED_OUT": "red"}


def states_table(execution: Execution, visits: Sequence[StateVisit]) -> RenderableType:
    """The states entered so far with the seconds each took; a running state has a spinner."""
    table = Table(title=f"run {execution.name}", title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("", width=1)
    table.add_column("state")
    table.add_column("seconds", justify="right")
    for visit in visits:
        table.add_row(_mark(visit, execution), _state_name(visit), f"{visit.seconds:.1f}")
    return Group(table, _status(execution))


@contextmanager
def watching(console: Console) -> Iterator[Callable[[Execution, Sequence[StateVisit]], None]]:
    """A function that shows how far an execution is: as one table that changes, or where there is no terminal a line for each state that has ended."""
    if not console.is_interactive:
        yield _Lines(console).show
        return
    with Live(console=console, refresh_per_second=8, transient=False) as live:
        yield lambda execution, visits: live.update(states_table(execution, visits))


class _Lines:
    """Tells each end of a state once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[int] = set()

    def show(self, execution: Execution, visits: Sequence[StateVisit]) -> None:
        ended = ((visit.ended, number) for number, visit in enumerate(visits) if visit.ended)
        for moment, number in sorted(ended):
            if number not in self._told:
                self._told.add(number)
                self._tell(moment, f"{ending_of(visits[number])} {visits[number].seconds:.1f} s")
        if execution.ended:
            self._tell(execution.ended, f"{execution.status} after {execution.seconds:.1f} s")

    def _tell(self, moment: datetime, text: str) -> None:
        self._console.print(
            Text(f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {text}"), soft_wrap=True, highlight=False
        )


def ending_of(visit: StateVisit) -> str:
    """The state's name and how the visit ended, in words."""
    return f"{_state_name(visit)}{' failed' if visit.failed else ''}"


def report(console: Console, execution: Execution) -> None:
    """Print what a finished run did: the accounting of its rows and notes about its files, or why it failed."""
    if execution.status == "RUNNING":
        return
    if execution.status != "SUCCEEDED":
        console.print(Text.assemble((execution.status, "bold red"), f" {execution.error or ''}"))
        cause = execution.reason or execution.cause or "no cause was given"
        console.print(Text(cause))
        if is_of_full_disk(cause):
            console.print(
                Text("the disk is full: make room on it, and run again; the landed files are still there")
            )
        return
    output = json.loads(execution.output or "{}")
    for note in output.get("notes", []):
        console.print(Text(f"note: {note}", style="yellow"))
    _warnings(console, output.get("warnings", []), execution.name)
    if output.get("datasets"):
        console.print(accounting_table(output["datasets"]))
    for run, datasets in output.get("made_up_for", {}).items():
        console.print(f"run {run} published these rows but did not finish; this run did the rest of its work")
        console.print(accounting_table(datasets))
    for place in output.get("quarantine", []):
        console.print(Text(f"rejected rows and files, with reasons: {place}", style="yellow"))
    if before := output.get("published_before"):
        were = "was" if before == 1 else "were"
        console.print(
            f"{counted(before, 'file')} {were} published before and {were} not read again; "
            "to have a file read again, land it under another name"
        )
    if later := output.get("left_for_later"):
        console.print(
            f"{counted(later, 'file')} {'waits' if later == 1 else 'wait'} for the next run: a run takes at most batch_max_files and batch_max_bytes"
        )


def _warnings(console: Console, warnings: Sequence[str], run: str) -> None:
    for warning in warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))
    if warnings:
        console.print(
            Text(f"`pipeline checks {run}` shows the rules with keys of rows and with the runs before")
        )


def accounting_table(datasets: Mapping[str, Mapping[str, int]]) -> Table:
    """Where the rows of each dataset went."""
    table = Table(title=f"rows: {IDENTITY}", title_justify="left")
    table.add_column("dataset")
    for count in ROWS:
        table.add_column(word_of(count), justify="right")
    for name, rows in sorted(datasets.items()):
        table.add_row(name, *(f"{rows[count]:,}" for count in ROWS))
    return table


def executions_table(executions: Iterable[Execution]) -> Table:
    """The executions and how they ended, the newest first."""
    table = Table(title="executions", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for heading in ("name", "status", "started", "seconds"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left", no_wrap=True)
    table.add_column("error", overflow="fold")
    for execution in executions:
        table.add_row(
            Text(execution.name),
            Text(execution.status, style=_MARKS.get(execution.status, "")),
            f"{execution.started:%Y-%m-%d %H:%M:%S}",
            f"{execution.seconds:.1f}",
            Text(execution.error or ""),
        )
    return table


def mails_table(mails: Iterable[Mail]) -> Table:
    """The e-mails, the oldest first."""
    table = Table(title="e-mails", title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("number", justify="right")
    table.add_column("sent", no_wrap=True)
    table.add_column("subject", overflow="fold")
    for mail in mails:
        table.add_row(str(mail.number), f"{mail.sent:%Y-%m-%d %H:%M:%S}", Text(mail.subject))
    return table


def mail_document(mail: Mail) -> dict[str, Any]:
    """An e-mail as JSON has it, without its text."""
    return {"number": mail.number, "sent": mail.sent, "subject": mail.subject}


def mail(console: Console, mail: Mail) -> None:
    """Print an e-mail as a mail program shows it."""
    for header in ("From", "To", "Date", "Subject"):
        console.print(Text.assemble((f"{header}: ", "bold"), str(mail.message[header])), soft_wrap=True)
    console.print()
    console.print(Text(mail.text), soft_wrap=True)


def rows_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """The result of a query; NULL is dim."""
    table = Table()
    for column in columns:
        table.add_column(Text(column))
    for row in rows:
        table.add_row(*(Text("NULL", style="dim") if value is None else Text(str(value)) for value in row))
    return table


def _mark(visit: StateVisit, execution: Execution) -> RenderableType:
    if visit.ended is None and execution.status == "RUNNING":
        return Spinner("dots", style="yellow")
    if visit.failed:  # in a run that succeeds, other states have put right what failed
        return Text("!", style="yellow") if execution.status == "SUCCEEDED" else Text("✗", style="red")
    return Text("✓", style="green") if visit.ended else Text("-", style="red")


def _state_name(visit: StateVisit) -> Text:
    retried = visit.failures - (1 if visit.failed else 0)
    return Text.assemble(visit.name, (f" (retried {retried}x)", "yellow") if retried > 0 else "")


def _status(execution: Execution) -> Text:
    return Text(
        f"{execution.status} after {execution.seconds:.1f} s\n", style=_MARKS.get(execution.status, "")
    )
