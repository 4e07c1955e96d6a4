"""`pipeline status` and `pipeline history`: which executions ran, and what each did."""

import re
from contextlib import suppress
from typing import Annotated, Any

import boto3
import typer

from command_line.counting import counted
from local_cloud.state import StateFolder
from operations import display
from operations.errors import OperationError
from operations.executions import Archive, Execution, StateMachine, StateVisit, visits
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.terminal import console, told

_NAME = re.compile(r"[^\s/:]{1,80}")
"""What the name of an execution can look like."""


def status(
    newest: Annotated[int, typer.Option(min=1, help="List at most this many executions.")] = 50,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
) -> None:
    """List the newest executions and how they ended, the newest first."""
    with told():
        found = [
            execution
            for source in _sources(StateFolder(state), aws, name)
            for execution in source.executions(newest + 1)  # one more tells whether there are older ones
        ]
        unique = {execution.name: execution for execution in reversed(found)}
        newest_first = sorted(unique.values(), key=lambda execution: execution.started, reverse=True)
        shown, has_more = newest_first[:newest], len(newest_first) > newest

        def show() -> None:
            console.print(display.executions_table(shown))
            if has_more:
                console.print(
                    f"the newest {counted(newest, 'execution')}; there are older ones, and --newest {10 * newest} lists more"
                )

        console.answer(
            {"executions": [execution.document() for execution in shown], "has_more": has_more}, show
        )


def history(
    execution: Annotated[
        str | None, typer.Argument(help="Name of the execution; default: the newest.")
    ] = None,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
) -> None:
    """Show the states of one execution, how long each took, and the result."""
    with told():
        source, found = chosen(StateFolder(state), aws, name, execution)
        _answer(found, visits(source.events(found.name)))


def chosen(folder: StateFolder, aws: bool, name: str, execution: str | None) -> tuple[Any, Execution]:
    """The execution of that name, or the newest, and who knows it; OperationError if there is none."""
    for source in _sources(folder, aws, name):
        found = _named(source, execution) if execution else next(iter(source.executions(1)), None)
        if found:
            return source, found
    raise OperationError(
        f"there is no execution {execution}; `pipeline status` lists the newest executions, with --newest N more of them"
        if execution
        else "there is no execution yet: run the pipeline first (make run)"
    )


def _named(source: Any, name: str) -> Execution | None:
    """The execution of that name, however many are newer; None if `source` knows none."""
    try:
        described: Execution | None = source.describe(name) if _NAME.fullmatch(name) else None
    except KeyError:
        return None
    return described


def _answer(found: Execution, states: list[StateVisit]) -> None:
    def show() -> None:
        console.print(display.states_table(found, states))
        display.report(console, found)

    console.answer({**found.document(), "states": [state.document() for state in states]}, show)


def _sources(folder: StateFolder, aws: bool, name: str) -> list[Any]:
    running = folder.running()
    if aws:
        return [_machine_on_aws(name)]
    if running:
        running.addresses.adopt()
        with suppress(KeyError):  # not deployed yet
            return [StateMachine(boto3.client("stepfunctions"), name), Archive(folder.executions)]
    return [Archive(folder.executions)]


def _machine_on_aws(name: str) -> StateMachine:
    try:
        return StateMachine(boto3.client("stepfunctions"), name)
    except KeyError:
        raise OperationError(
            f"AWS has no state machine named {name}; deploy it, or give its name with --name"
        ) from None
