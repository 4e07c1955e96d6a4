"""`pipeline status` and `pipeline history`: which executions ran, and what each did."""

from contextlib import suppress
from typing import Annotated, Any

import boto3
import typer

from local_cloud.state import StateFolder
from operations import display
from operations.errors import OperationError
from operations.executions import Archive, Execution, StateMachine, StateVisit, visits
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.terminal import console, told


def status(state: State = DEFAULT_STATE, aws: OnAws = False, name: Name = DEFAULT_NAME) -> None:
    """List the executions and how they ended, the newest first."""
    with told():
        found = [
            execution
            for source in _sources(StateFolder(state), aws, name)
            for execution in source.executions()
        ]
        unique = {execution.name: execution for execution in reversed(found)}
        newest_first = sorted(unique.values(), key=lambda execution: execution.started, reverse=True)
        console.answer(
            {"executions": [execution.document() for execution in newest_first]},
            lambda: console.print(display.executions_table(newest_first)),
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
        for candidate in source.executions():
            if execution in (None, candidate.name):
                return source, source.describe(candidate.name)
    raise OperationError(
        f"there is no execution {execution}; `pipeline status` lists all executions"
        if execution
        else "there is no execution yet: run the pipeline first (make run)"
    )


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
