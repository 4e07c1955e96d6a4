"""The calls of a module's runs are those that docs/permissions.md is made of."""

from pathlib import Path

from local_cloud.iam.record import ADMINISTRATOR, Recorded, recorded
from local_cloud.state import StateFolder
from operations.permissions.page import kept
from stacks import ROOT

CALLS = ROOT / "tests" / "operations" / "permissions" / "calls"


def judged(state: StateFolder) -> set[Recorded]:
    """The calls of the deployment's roles; a test may have made a role of its own, `unload`."""
    return {
        call
        for call in recorded(state.permissions / "calls.jsonl")
        if call.caller != ADMINISTRATOR and "unload" not in f"{call.caller} {call.resource}"
    }


def new_calls(state: StateFolder) -> set[Recorded]:
    """The calls that are not kept: add them to a file of `CALLS`, and run `make docs`."""
    return judged(state) - kept(CALLS)


def calls_no_more_made(state: StateFolder, name: str) -> set[Recorded]:
    """The calls that are kept for a module and that its runs did not make: take them out, and run `make docs`."""
    return set(recorded(Path(CALLS, name))) - judged(state)
