"""`pipeline run`: one run from files to analytics, watched."""

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import boto3
import humanize
import typer
from rich.console import Console
from rich.live import Live

from contract.keys import bucket_name
from landing.bucket import BucketStore
from landing.folder import files_of, land
from landing.sizes import size_in_bytes
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.state import StateFolder
from operations import display
from operations.deployment import deployed_here
from operations.errors import OperationError
from operations.executions import Execution, StateMachine, visits
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Context, Name, OnCluster, State
from operations.query import query_here
from operations.terminal import console, told
from spark_jobs.conf import SPARK_CONF
from sql import statements
from sql.rankings import CURRENT, PAST

_LOOK_SECONDS = 0.2


def run(
    data: Annotated[
        Path | None, typer.Argument(help="Folder with CSV files; without it data is made up.")
    ] = None,
    size: Annotated[
        int, typer.Option(parser=size_in_bytes, metavar="SIZE", help="How much data to make up.")
    ] = "20MB",  # type: ignore[assignment] # which the parser makes a number of
    window_start: Annotated[str | None, typer.Option(help="First day of the reviews to analyse.")] = None,
    window_end: Annotated[str | None, typer.Option(help="Day after the last; default: now.")] = None,
    replace_current: Annotated[
        bool,
        typer.Option(
            "--replace-current/--keep-current",
            help="A window that ends before now fills goodreads_analytics, or goodreads_past beside it.",
        ),
    ] = True,
    accept_rejects: Annotated[
        bool, typer.Option("--accept-rejects", help="Publish the rest however many rows are rejected.")
    ] = False,
    state: State = DEFAULT_STATE,
    name: Name = DEFAULT_NAME,
    context: Context = None,
    cluster: OnCluster = False,
) -> None:
    """Files in, audited warehouse and analytics out: one execution of the deployed state machine."""
    folder = StateFolder(state)
    with told(), tempfile.TemporaryDirectory() as made_up:
        source = data or _made_up(Path(made_up), size)
        files_of(source)
        with deployed_here(
            folder, name, purpose="run", context=context or [], spark=SPARK_CONF, cluster=cluster
        ):
            execution = _one_run(
                source,
                name,
                execution_input_of(
                    window_start, window_end, accept_rejects=accept_rejects, replace_current=replace_current
                ),
            )
        if execution.status == "SUCCEEDED":
            _show_hint(folder, execution)
    sys.exit(0 if execution.status == "SUCCEEDED" else 1)


def run_name() -> str:
    """A name for an execution that sorts by time: 2020-02-19T21-38-16-690."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S-%f}"[:-3]


def run_once(console: Console, machine: str, execution_input: Mapping[str, Any]) -> Execution:
    """Start an execution and show its states until it ends. KeyboardInterrupt stops the execution."""
    pipeline = StateMachine(boto3.client("stepfunctions"), machine)
    name = run_name()
    pipeline.start(name, execution_input)
    try:
        return _watch(console, pipeline, name)
    except KeyboardInterrupt:
        pipeline.stop(name, "interrupted from the terminal")  # matters where the endpoint is one that stays
        raise


def final_state(events: list[dict[str, Any]]) -> str:
    """The name of the state in which an execution ended."""
    entered = [event for event in events if event["type"] in ("SucceedStateEntered", "FailStateEntered")]
    return str(entered[-1]["stateEnteredEventDetails"]["name"]) if entered else ""


def review_span(rows: list[tuple[Any, ...]], window: Mapping[str, str]) -> str | None:
    """A hint if no review of the warehouse is in the analytics window; `rows` is (first, last, inside)."""
    first, last, inside = rows[0]
    if inside or first is None:
        return None
    return (
        f"no review was captured between {window['start']} and {window['end']}, so the analytics tables are empty; "
        f"the reviews are from {first} to {last}: give --window-start and --window-end"
    )


def _one_run(source: Path, name: str, execution_input: dict[str, Any]) -> Execution:
    with console.status(f"putting the files of {source} into the landing zone"):
        land(source, BucketStore(bucket_name(name, "landing", ACCOUNT, REGION)))
    execution = run_once(console, name, execution_input)
    display.report(console, execution)
    return execution


def _made_up(folder: Path, size: int) -> Path:
    from faker_tool.generate import generate  # noqa: PLC0415 - half a second that a run of given files need not spend

    with console.status(f"making up {humanize.naturalsize(size)} of data"):
        try:
            made = generate(folder, size=size, records=None, force=True)
        except ValueError as error:
            raise OperationError(f"--size: {error}") from None
    console.print(f"made up {made.records:,} records, {humanize.naturalsize(made.bytes)}")
    return folder


def execution_input_of(
    start: str | None, end: str | None, *, accept_rejects: bool, replace_current: bool
) -> dict[str, Any]:
    """The input of an execution; what is not given is left out."""
    given = {
        "window_start": start,
        "window_end": end,
        "accept_rejects": accept_rejects,
        "replace_current": end is not None and replace_current,
    }
    return {key: value for key, value in given.items() if value}


def _show_hint(folder: StateFolder, execution: Execution) -> None:
    window = window_of(execution)
    past = json.loads(execution.output or "{}").get("window", {}).get("past")
    asked, schema = (past, PAST) if past else (window, CURRENT)
    if asked and (hint := review_span(query_here(folder, statements.review_span(schema))[1], asked)):
        console.print(f"[yellow]note: {hint}[/]", highlight=False)


def _watch(console: Console, pipeline: StateMachine, name: str) -> Execution:
    with Live(console=console, refresh_per_second=8, transient=False) as live:
        events: list[dict[str, Any]] = []
        while True:
            execution = pipeline.describe(name)
            events += pipeline.events(name, after=events[-1]["id"] if events else 0)
            live.update(display.states_table(execution, visits(events)))
            if execution.status != "RUNNING":
                return execution
            time.sleep(_LOOK_SECONDS)


def window_of(execution: Execution) -> dict[str, str] | None:
    """The analytics window of a run that succeeded."""
    window = json.loads(execution.output or "{}").get("window")
    return dict(window) if window else None
