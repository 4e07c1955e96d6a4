"""One run from files to analytics, watched."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
from rich.console import Console
from rich.live import Live

from operations import display
from operations.executions import Execution, StateMachine, visits

_LOOK_SECONDS = 0.2


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


def _watch(console: Console, pipeline: StateMachine, name: str) -> Execution:
    with Live(console=console, refresh_per_second=8, transient=False) as live:
        while True:
            execution = pipeline.describe(name)
            live.update(display.states_table(execution, visits(pipeline.events(name))))
            if execution.status != "RUNNING":
                return execution
            time.sleep(_LOOK_SECONDS)


def window_of(execution: Execution) -> dict[str, str] | None:
    """The analytics window of a run that succeeded."""
    window = json.loads(execution.output or "{}").get("window")
    return dict(window) if window else None
