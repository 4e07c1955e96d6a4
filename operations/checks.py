"""`pipeline checks`: what the data-quality rules have counted, with the runs before."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import boto3
import typer
from rich.table import Table
from rich.text import Text

from command_line.counting import counted
from contract.checks import STAGES, checked_table, told_rule
from lambdas.check_quality import Check
from local_cloud.state import StateFolder
from operations.errors import OperationError
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.query import query_here
from operations.terminal import console, told
from operations.warehouse import Result, Warehouse, asked_by_a_reader
from sql import checks as statements

_SHOWN = 30


def checks(
    run: Annotated[
        str | None, typer.Argument(help="Name of the run; default: the newest that has checked.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also the rules that nothing violates.")] = False,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
) -> None:
    """Show the data-quality rules of a run: violations, limits, keys of violating rows, and the runs before."""
    with told():
        if run and not re.fullmatch(r"[\w.-]{1,80}", run):
            raise OperationError(f"{run!r} is not the name of a run: `pipeline status` lists the runs")
        ask = _on_aws(name) if aws else _here(StateFolder(state))
        name_of_run = run or _newest(ask)
        found = [(stage, check) for stage in STAGES for check in results_of(ask, name_of_run, stage)]
        if not found:
            raise OperationError(
                f"the run {name_of_run} has checked nothing: `pipeline status` lists the runs"
            )
        violated = [(stage, check) for stage, check in found if check.is_violated]
        shown = found if everything else violated
        document = {
            "run_id": name_of_run,
            "rules": len(found),
            "violated": len(violated),
            "checks": [check.as_entry(stage) for stage, check in shown],
        }

        def show() -> None:
            if shown:
                console.print(checks_table(name_of_run, shown))
            console.print(
                f"{len(violated):,} of {counted(len(found), 'rule')} violated in run {name_of_run}"
                + ("" if everything else "; --all shows the others, too")
            )

        console.answer(document, show)


def results_of(ask: Callable[[str], Result], run: str, stage: str) -> list[Check]:
    """What the run has counted in a stage."""
    columns, rows = ask(statements.results(run, stage))
    return [Check(**dict(zip(columns, row, strict=True))) for row in rows]


def checks_table(run: str, found: Sequence[tuple[str, Check]]) -> Table:
    """The rules with the schemas in which they were checked and their numbers; a column of the runs before, the oldest first."""
    table = Table(title=f"checks of run {run}", title_justify="left")
    for heading in (
        "severity",
        "table",
        "rule",
        "violations",
        "limit",
        "found",
        "usual",
        "keys",
        "runs before",
    ):
        table.add_column(
            heading, justify="right" if heading in {"violations", "limit", "found", "usual"} else "left"
        )
    for stage, check in found:
        table.add_row(
            Text(check.severity, style=_style(check)),
            Text(checked_table(stage, check.table_name).removeprefix("goodreads_")),
            Text(told_rule(stage, f"{check.column_name} {check.rule}".strip())),
            *(
                Text("" if number is None else f"{number:,}")
                for number in (check.violations, check.allowed, check.found, check.expected)
            ),
            Text(check.examples),
            Text(" ".join(str(past["violations"]) for past in check.as_entry(stage)["history"][-_SHOWN:])),
        )
    return table


def _style(check: Check) -> str:
    if not check.is_violated:
        return "green"
    return "red" if check.severity == "block" else "yellow"


def _newest(ask: Callable[[str], Result]) -> str:
    _, rows = ask(statements.newest_run())
    if not rows:
        raise OperationError("no run has checked anything yet: run the pipeline first (make run)")
    return str(rows[0][0])


def _here(state: StateFolder) -> Callable[[str], Result]:
    return lambda sql: query_here(state, sql)


def _on_aws(name: str) -> Callable[[str], Result]:
    return partial(asked_by_a_reader, Warehouse(name, user=None, client=boto3.client("redshift-data")))
