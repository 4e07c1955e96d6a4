"""The runs of a state folder: those of earlier endpoints from their documents, those that go on from Step Functions."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.state import StateFolder
from operations.executions import Archive, Execution, StateMachine
from operations.run import final_state
from operations.run_report import document_here
from operations.zones import Zones
from report.document import Document

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

PAGE = 100
"""Runs on one page of the list."""

_REMEMBERED = 2000  # runs; a history is long, so it is read once

_ENDINGS = {
    "Succeeded": "succeeded",
    "SucceededWithRejects": "succeeded_with_rejects",
    "NothingToDo": "nothing_to_do",
    "Skipped": "skipped",
}


@dataclass(frozen=True)
class Run:
    """A line of the list; `warnings` are violated rules that did not end the run, `age` is how old the published data was when the run ended, in seconds. None is not known."""

    name: str
    deployment: str
    outcome: str
    started: datetime
    ended: datetime | None = None
    error: str | None = None
    read: int | None = None
    rejected: int | None = None
    warnings: int | None = None
    age: float | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return (self.ended - self.started).total_seconds() if self.ended else None

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        ended = self.ended.isoformat() if self.ended else None
        return {**asdict(self), "started": self.started.isoformat(), "ended": ended, "seconds": self.seconds}


class Runs:
    """The runs of one folder, whichever endpoint of it ran them."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder

    def deployments(self) -> list[str]:
        """The names of the state machines that the endpoint has."""
        pages = _client().get_paginator("list_state_machines").paginate()
        return sorted(machine["name"] for page in pages for machine in page["stateMachines"])

    def page(self, number: int) -> tuple[list[Run], int]:
        """The newest runs, those that go on first, for number 1; then older ones. And how many pages there are."""
        files = _newest_first(self._folder.executions)
        running = self._running() if number == 1 else []
        names = {run.name for run in running}
        start = (number - 1) * PAGE
        # one more than the page shows: the oldest run's data is as old as the run before published it
        ended = [
            run for run in map(_run_of, *_columns(files[start : start + PAGE + 1])) if run.name not in names
        ]
        shown = list(_with_ages(ended))[:PAGE]
        return [*running, *shown], max(1, -(-len(files) // PAGE))

    def document(self, name: str) -> Document:
        """The document of a run as it is now; KeyError if there is no such run."""
        source = self._source(name)
        deployment = _deployment_of(source.description(name))
        zones = Zones.of(deployment, ACCOUNT, REGION)
        return document_here(source, name, zones, deployment=deployment)

    def news(self, name: str, after: int) -> tuple[int, str]:
        """The number of the last event of a run, which is `after` if nothing has happened since, and the run's status."""
        source = self._source(name)
        status = str(source.description(name)["status"])
        if isinstance(source, StateMachine):
            events = source.events(name, after, with_data=False)
        else:
            events = source.events(name)
        return (int(events[-1]["id"]) if events else after), status

    def _source(self, name: str) -> StateMachine | Archive:
        """Who knows the run. An endpoint knows the runs of earlier ones of its folder as well."""
        client = _client()
        for deployment in self.deployments():
            machine = StateMachine(client, deployment)
            try:
                machine.description(name)
            except client.exceptions.ExecutionDoesNotExist:
                continue
            return machine
        return Archive(self._folder.executions)

    def _running(self) -> list[Run]:
        client = _client()
        arns = [machine["stateMachineArn"] for machine in client.list_state_machines()["stateMachines"]]
        found = [
            execution
            for arn in arns
            for execution in client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
        ]
        return [
            Run(each["name"], _deployment_of(dict(each)), "running", each["startDate"])
            for each in sorted(found, key=lambda each: each["startDate"], reverse=True)
        ]


def _client() -> "SFNClient":
    return boto3.client("stepfunctions")


def _newest_first(folder: Path) -> list[tuple[Path, int]]:
    """The documents of the folder, each with the time when it was written. They are not opened: there may be thousands."""
    with os.scandir(folder) as entries:
        found = [
            (Path(entry.path), entry.stat().st_mtime_ns) for entry in entries if entry.name.endswith(".json")
        ]
    return sorted(found, key=lambda one: one[1], reverse=True)


def _columns(files: Sequence[tuple[Path, int]]) -> tuple[list[Path], list[int]]:
    return [path for path, _ in files], [written for _, written in files]


@lru_cache(maxsize=_REMEMBERED)
def _run_of(path: Path, _written: int) -> Run:
    document = json.loads(path.read_bytes())
    execution = Execution.from_description(document["description"])
    report = json.loads(execution.output or "{}")
    datasets = report.get("datasets", {}).values() if isinstance(report, dict) else ()
    return Run(
        name=execution.name,
        deployment=_deployment_of(document["description"]),
        outcome=_ENDINGS.get(final_state(document["events"]), "failed"),
        started=execution.started,
        ended=execution.ended,
        error=execution.error,
        read=sum(rows["rows_read"] for rows in datasets) if datasets else None,
        rejected=sum(rows["rows_quarantined"] for rows in datasets) if datasets else None,
        warnings=len(report["warnings"]) if isinstance(report, dict) and "warnings" in report else None,
    )


def _with_ages(newest_first: Sequence[Run]) -> Iterator[Run]:
    """Until its end a run's readers see what the runs before it have published."""
    for place, run in enumerate(newest_first):
        earlier = (other.ended for other in newest_first[place + 1 :] if other.read and other.ended)
        published = next(earlier, None)
        age = (run.ended - published).total_seconds() if run.ended and published else None
        yield replace(run, age=age)


def _deployment_of(description: dict[str, Any]) -> str:
    return str(description["executionArn"]).split(":")[-2]
