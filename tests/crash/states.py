"""The states of the definition, which the cases are made from."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local_cloud.synthesis import synthesize
from tests.crash.lab import SETTINGS

_HAVE_EFFECTS = ("Task", "Map", "Parallel")

NEVER_VISITED = {
    "{}: unexplained": "Redshift always gives a reason",
    "{}: timed out": "a statement would have to run for minutes",
    "{}: cancel": "the same",
    "{}: back off": "a statement would have to run for more than a second",
    "{}: wait": "the same",
    "{}: look again": "the same",
    "{}: goes on": "the same",
    "{}: done before": "AlterTable would have to begin anew after its effect; when it is repeated or redriven it does",
    "{}: aborted": "somebody would have to cancel it; the statement's own tests do",
}
"""States of a statement's loop that no scenario leads to, with the reason."""


def states_of(definition: dict[str, Any]) -> dict[str, str]:
    """The type of each state by its name, those inside Parallel and Map states included."""
    return {name: state["Type"] for level in _levels(definition) for name, state in level["States"].items()}


def statements_of(definition: dict[str, Any]) -> list[str]:
    """The names of the Parallel states that run a statement each."""
    states = states_of(definition)
    return [name for name in states if f"{name}: submit" in states]


def synthesized_states() -> dict[str, str]:
    """The states of the application as it is in the source tree."""
    with tempfile.TemporaryDirectory() as folder:
        synthesize(Path(folder), SETTINGS)
        (path,) = Path(folder).glob("*-pipeline.template.json")
        resources = json.loads(path.read_text())["Resources"].values()
    (machine,) = (found for found in resources if found["Type"] == "AWS::StepFunctions::StateMachine")
    _, parts = machine["Properties"]["DefinitionString"]["Fn::Join"]
    return states_of(json.loads("".join(part if isinstance(part, str) else "token" for part in parts)))


def never_visited(state: str) -> bool:
    """Whether no scenario enters the state."""
    return f"{{}}{state[state.find(':') :]}" in NEVER_VISITED


def cases(states: dict[str, str]) -> list[tuple[str, str]]:
    """(mode, state): a run can be stopped before every state; after those with an effect, which can be repeated too."""
    reached = {name: kind for name, kind in states.items() if not never_visited(name)}
    with_effect = [name for name, kind in reached.items() if kind in _HAVE_EFFECTS]
    return [
        *(("before", name) for name in reached),
        *((mode, name) for name in with_effect for mode in ("after", "twice", "redriven")),
    ]


def _levels(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield machine
    for state in machine["States"].values():
        for inner in [
            *state.get("Branches", []),
            *([state["ItemProcessor"]] if "ItemProcessor" in state else []),
        ]:
            yield from _levels(inner)
