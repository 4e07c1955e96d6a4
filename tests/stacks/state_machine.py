"""The state machine's definition, read back from the template, as a graph."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.stacks.deployments import Deployment

State = dict[str, Any]
FAILURE = [
    "ReleaseLeaseAfterFailure",
    "WordFailure",
    "NotifyFailure",
    "WriteReportOfFailedRun",
    "Failed",
]
REPORTS = {
    "WriteReport": "AnyRejects?",
    "WriteReportOfIdleRun": "NothingToDo",
    "WriteReportOfSkippedRun": "Skipped",
    "WriteReportOfFailedRun": "Failed",
}
"""The states that write the report, and where a run goes on after each."""


@dataclass(frozen=True)
class NestedState:
    """A state, and the Parallel and Map states around it, the innermost last."""

    name: str
    state: State
    around: tuple["NestedState", ...]

    @property
    def resource(self) -> str:
        """What a Task calls; empty for other states."""
        found: str = self.state.get("Resource", "")
        return found


@dataclass(frozen=True)
class StateMachine:
    """`text` is the definition with CDK's tokens replaced by the names they stand for, in angle brackets."""

    text: str

    @classmethod
    def of(cls, deployment: Deployment) -> "StateMachine":
        (properties,) = deployment.properties("pipeline", "StepFunctions::StateMachine")
        _, parts = properties["DefinitionString"]["Fn::Join"]
        return cls("".join(part if isinstance(part, str) else _named(part) for part in parts))

    @cached_property
    def definition(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.text)
        return loaded

    @cached_property
    def states(self) -> dict[str, State]:
        """The states of the outermost level."""
        found: dict[str, State] = self.definition["States"]
        return found

    @cached_property
    def nested(self) -> list[NestedState]:
        """Every state of every level."""
        return list(_nested(self.definition, ()))

    def tasks(self, part: str = "") -> list[NestedState]:
        """The Task states whose resource contains `part`."""
        return [each for each in self.nested if each.state["Type"] == "Task" and part in each.resource]

    def reachable(self, start: str, *, without: Collection[str] = (), errors: bool = True) -> set[str]:
        """The outermost states on the ways from `start`, itself included, that avoid the states in `without`."""
        return reachable(self.states, start, without=without, errors=errors)

    def path(self, decisions: dict[str, str], until: str | None = None) -> list[str]:
        """The states of a run without errors in which each Choice goes where `decisions` says, else to its default.

        It ends with the state `until`, if it comes there.
        """
        name, passed = self.definition["StartAt"], []
        while name:
            passed.append(name)
            if name == until:
                break
            state = self.states[name]
            name = decisions.get(name, state["Default"]) if state["Type"] == "Choice" else state.get("Next")
        return passed


def reachable(
    states: dict[str, State], start: str, *, without: Collection[str] = (), errors: bool = True
) -> set[str]:
    """The states of one level on the ways from `start`."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in without:
            found.add(name)
            waiting += successors(states[name], errors=errors)
    return found


def successors(state: State, *, errors: bool = True) -> list[str]:
    """Where a state leads to, after an error too if `errors`."""
    edges = [state, *state.get("Choices", []), *(state.get("Catch", []) if errors else [])]
    return [edge["Next"] for edge in edges if "Next" in edge] + (
        [state["Default"]] if "Default" in state else []
    )


def retries(state: State, error: str) -> int:
    """How often Step Functions tries a state again after that error: the first entry that names it decides."""
    for entry in state.get("Retry", []):
        names = entry["ErrorEquals"]
        any_failure = "States.TaskFailed" in names and error != "States.Timeout"
        if error in names or "States.ALL" in names or any_failure:
            return int(entry.get("MaxAttempts", 3))
    return 0


def levels(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The machine itself and the branches and item processors inside it: each has `StartAt` and `States`."""
    yield machine
    for state in machine["States"].values():
        for inner in _inside(state):
            yield from levels(inner)


def _inside(state: State) -> list[dict[str, Any]]:
    return [*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]


def _nested(machine: dict[str, Any], around: tuple[NestedState, ...]) -> Iterator[NestedState]:
    for name, state in machine["States"].items():
        each = NestedState(name, state, around)
        yield each
        for inner in _inside(state):
            yield from _nested(inner, (*around, each))


def _named(token: dict[str, Any]) -> str:
    (value,) = token.values()
    return f"<{value if isinstance(value, str) else '.'.join(value)}>"
