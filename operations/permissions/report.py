"""Used, granted and never used, refused: the recorded calls against the grants of the deployed policies."""

import fnmatch
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from local_cloud.iam.deployed import Deployed
from local_cloud.iam.grants import Grant, Matrix
from local_cloud.iam.record import ADMINISTRATOR, ANY, Recorded, recorded
from local_cloud.state import StateFolder
from operations.errors import OperationError

_UNUSED = Path(__file__).with_name("unused.toml")
_LOG_GROUP = re.compile(r"^(logs:log-group:.+?)[0-9A-F]{8}-[0-9A-Z]{12}(:\*)?$")
"""A log group's name as CloudFormation makes it: the stack, the logical id, and letters that differ from one deployment to the next."""


@dataclass(frozen=True)
class Row:
    """A grant; `reason` says why it stays although no call needs it, and is empty for one that is used."""

    grant: Grant
    used: bool
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """The grants, the calls that were judged, and those of them that these grants decide in another way."""

    rows: list[Row]
    calls: list[Recorded]
    changed: list[Recorded]

    @property
    def refused(self) -> list[Recorded]:
        """The calls that were refused."""
        return [call for call in self.calls if not call.allowed]


def report_of(what: Deployed, calls: Iterable[Recorded]) -> Report:
    """Compare the calls with the grants."""
    judged = sorted(call for call in calls if call.caller != ADMINISTRATOR)
    matrix = Matrix(what, judged)
    grants = sorted((_as_in_the_templates(grant), used) for grant, used in matrix.grants())
    rows = [Row(grant, used, "" if used else reason_of(grant)) for grant, used in grants]
    return Report(rows, judged, matrix.changed_by(what))


def report_here(state: StateFolder) -> Report:
    """The report of a state folder; OperationError if nothing has run there."""
    snapshot = state.permissions / "deployed.json"
    if not snapshot.exists():
        raise OperationError(
            f"no call of a role is recorded in {state.root}: run the pipeline first (make run)"
        )
    what = Deployed.from_json(json.loads(snapshot.read_text(encoding="utf-8")))
    return report_of(what, recorded(state.permissions / "calls.jsonl"))


def _as_in_the_templates(grant: Grant) -> Grant:
    return replace(grant, resource=_LOG_GROUP.sub(rf"\1{ANY}", grant.resource))


def reason_of(grant: Grant) -> str:
    """Why the grant stays although no call needs it; empty if the list does not say."""
    return next((reason for pattern, reason in reasons() if fnmatch.fnmatchcase(str(grant), pattern)), "")


@cache
def reasons() -> list[tuple[str, str]]:
    """The hand-kept list: patterns of grants, each with its reason."""
    listed = tomllib.loads(_UNUSED.read_text(encoding="utf-8"))["unused"]
    return [(pattern, entry["reason"]) for entry in listed for pattern in entry["grants"]]
