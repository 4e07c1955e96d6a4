"""`pipeline run`: one run from files to analytics, watched."""

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from rich.console import Console
from rich.text import Text

from capture.follower.feeds import GOODREADS
from capture.options import base_url
from contract.keys import bucket_name
from landing.bucket import BucketStore
from landing.folder import land
from landing.sizes import size_in_bytes
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.state import StateFolder
from operations import display
from operations.deployment import deployed_here
from operations.errors import OperationError
from operations.executions import Execution, StateMachine, StateVisit, visits
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Context, Name, OnCluster, State
from operations.result import Result, result_of
from operations.result import show as show_result
from operations.sources import DEFAULT_SIZE, Source
from operations.terminal import complaints, console, told
from spark_jobs.conf import SPARK_CONF
from sql.rankings import CURRENT, PAST

_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 0.2, 1.0


def run(
    data: Annotated[
        Path | None, typer.Argument(help="Folder with CSV files; without it data is made up.")
    ] = None,
    library: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A library export of Goodreads, in place of the folder; needs --user."
        ),
    ] = None,
    user: Annotated[str | None, typer.Option(metavar="NAME", help="The reader whose export it is.")] = None,
    user_id: Annotated[
        int | None,
        typer.Option(
            help="That reader's number on Goodreads; without it, readers of one name are one user.",
            min=1,
            max=2**40,
        ),
    ] = None,
    follow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="USER",
            help="A reader on Goodreads, by number or address of the profile, in place of the folder; repeat it for several.",
        ),
    ] = None,
    goodreads: Annotated[
        str,
        typer.Option(
            parser=base_url,
            metavar="URL",
            envvar="GOODREADS_URL",
            help="Where to --follow: Goodreads, or a simulated one.",
        ),
    ] = GOODREADS,
    size: Annotated[
        int, typer.Option(parser=size_in_bytes, metavar="SIZE", help="How much data to make up.")
    ] = DEFAULT_SIZE,  # type: ignore[assignment] # which the parser makes a number of
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
    source = Source(
        data=data,
        library=library,
        user=user,
        user_id=user_id,
        size=size,
        follow=follow or [],
        goodreads=goodreads,
    )
    with told(), tempfile.TemporaryDirectory() as scratch:
        kept = folder.shelves / name
        files = source.files(Path(scratch), kept)
        if not (window_start or window_end):
            window_start = source.window_start(kept)
        with deployed_here(
            folder, name, purpose="run", context=context or [], spark=SPARK_CONF, cluster=cluster
        ):
            if files:
                _land(files, name)
                source.landed(files)
            execution, states = run_watched(
                console,
                name,
                execution_input_of(
                    window_start, window_end, accept_rejects=accept_rejects, replace_current=replace_current
                ),
            )
        result = _result(folder, name, execution) if execution.status == "SUCCEEDED" else None
        again = command_again(
            source,
            state,
            name,
            context=context or [],
            cluster=cluster,
            accept_rejects=accept_rejects,
            replace_current=replace_current,
        )
        _answer(execution, states, result, again)
    sys.exit(0 if execution.status == "SUCCEEDED" else 1)


def run_name() -> str:
    """A name for an execution that sorts by time: 2020-02-19T21-38-16-690."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S-%f}"[:-3]


def run_once(console: Console, machine: str, execution_input: Mapping[str, Any]) -> Execution:
    """As `run_watched`, for whoever needs no states."""
    return run_watched(console, machine, execution_input)[0]


def run_watched(
    console: Console, machine: str, execution_input: Mapping[str, Any]
) -> tuple[Execution, list[StateVisit]]:
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


def _land(files: Path, name: str) -> None:
    with console.doing(f"putting the files of {files} into the landing zone"):
        land(files, BucketStore(bucket_name(name, "landing", ACCOUNT, REGION)))


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


def _result(folder: StateFolder, name: str, execution: Execution) -> Result | None:
    """None if nothing was analysed, or if the warehouse does not tell it: the run has succeeded all the same."""
    analysed = window_of(execution)
    if not analysed:
        return None
    past = analysed.get("past")
    window, schema = (past, PAST) if past else (analysed, CURRENT)
    try:
        return result_of(folder, name, execution.name, window, schema)
    except OperationError as error:
        complaints.print(Text(f"the run succeeded; what it has brought cannot be shown: {error}"))
        return None


def _answer(execution: Execution, states: list[StateVisit], result: Result | None, again: list[str]) -> None:
    document = {
        **execution.document(),
        "states": [state.document() for state in states],
        "result": result.document(again) if result else None,
    }

    def show() -> None:
        display.report(console, execution)
        if result:
            show_result(console, result, again)

    console.answer(document, show)


def command_again(
    source: Source,
    state: Path,
    name: str,
    *,
    context: Sequence[str],
    cluster: bool,
    accept_rejects: bool,
    replace_current: bool,
) -> list[str]:
    """The command as it was given, with what differs from the defaults, and without a window."""
    options = [
        *(["--state", str(state)] if state != DEFAULT_STATE else []),
        *(["--name", name] if name != DEFAULT_NAME else []),
        *(part for setting in context for part in ("--context", setting)),
        *(["--cluster"] if cluster else []),
        *(["--accept-rejects"] if accept_rejects else []),
        *([] if replace_current else ["--keep-current"]),
    ]
    return [".venv/bin/pipeline", "run", *source.arguments(size_in_bytes(DEFAULT_SIZE)), *options]


def _watch(console: Console, pipeline: StateMachine, name: str) -> tuple[Execution, list[StateVisit]]:
    with display.watching(console) as show:
        events: list[dict[str, Any]] = []
        pause = _LOOK_SECONDS
        while True:
            execution = pipeline.describe(name)
            found = pipeline.events(name, after=events[-1]["id"] if events else 0, with_data=False)
            events += found
            states = visits(events)
            show(execution, states)
            if execution.status != "RUNNING":
                return execution, states
            # in a long state nothing is new, and each look takes time from those who work
            pause = _LOOK_SECONDS if found else min(_LONGEST_LOOK_SECONDS, 2 * pause)
            time.sleep(pause)


def window_of(execution: Execution) -> dict[str, Any] | None:
    """The window that a run has analysed; None of a run that had nothing to do, whose output is its plan."""
    told = json.loads(execution.output or "{}")
    return told.get("window") if "datasets" in told else None
