"""The runs of a state folder: those of earlier endpoints from their documents, those that go on from Step Functions."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3

from contract.checks import is_violated
from contract.keys import bucket_name, document_key
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

_REMEMBERED = 2000  # runs; a history and a document are long, so they are read once

_ENDINGS = {
    "Succeeded": "succeeded",
    "SucceededWithRejects": "succeeded_with_rejects",
    "NothingToDo": "nothing_to_do",
    "Skipped": "skipped",
}


@dataclass(frozen=True)
class Run:
    """A line of the list; `warnings` are violated rules that did not end the run, `age` is how old the published data was when the run ended, in seconds. None is not known.

    `read` and `rejected` are rows of the run itself; `made_up` tells whether it also brought rows of an earlier run to the readers.
    """

    name: str
    deployment: str
    outcome: str
    started: datetime
    ended: datetime | None = None
    error: str | None = None
    read: int | None = None
    rejected: int | None = None
    warnings: int | None = None
    made_up: bool = False
    age: float | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return (self.ended - self.started).total_seconds() if self.ended else None

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        ended = self.ended.isoformat() if self.ended else None
        return {**asdict(self), "started": self.started.isoformat(), "ended": ended, "seconds": self.seconds}


class _Counts(NamedTuple):
    """Rows of a run that were read and refused."""

    read: int
    rejected: int


class _Report(NamedTuple):
    """What a run told at its end: rows by run, its own and those of runs that it made up for, and how many violated rules warn."""

    rows: Mapping[str, _Counts]
    warnings: int | None


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
        # one more than the page shows at each end: the run after the newest one may have made up for it, and the oldest run's
        # data is as old as the run before published it
        newer = min(start, 1)
        found = self._with_rows([_run_of(*file) for file in files[start - newer : start + PAGE + 1]])[newer:]
        shown = list(_with_ages([run for run in found if run.name not in names]))[:PAGE]
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

    def _with_rows(self, found: Sequence[tuple[Run, _Report]]) -> list[Run]:
        """Each run with its rows and warnings. A run that did not finish may know its rows from a run that made up for it."""
        reports = [self._written(run) or told for run, told in found]
        caught_up = {name: counts for report in reports for name, counts in report.rows.items()}
        return [
            _with_counts(run, report, report.rows.get(run.name) or caught_up.get(run.name))
            for (run, _), report in zip(found, reports, strict=True)
        ]

    def _written(self, run: Run) -> _Report | None:
        """What the run's document in the reports zone says; None if the run wrote none."""
        bucket = self._folder.buckets / bucket_name(run.deployment, "reports", ACCOUNT, REGION)
        path = bucket / document_key(run.name)
        try:
            return _report_of(path, path.stat().st_mtime_ns)
        except FileNotFoundError:
            return None

    def _source(self, name: str) -> StateMachine | Archive:
        """Who knows the run. An endpoint knows the runs of earlier ones of its folder as well."""
        client = _client()
        for deployment in self.deployments():
            machine = StateMachine(client, deployment)
            try:
                machine.description(name)
            except KeyError:
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


@lru_cache(maxsize=_REMEMBERED)
def _run_of(path: Path, _written: int) -> tuple[Run, _Report]:
    """A run that has ended, and its output."""
    document = json.loads(path.read_bytes())
    execution = Execution.from_description(document["description"])
    run = Run(
        name=execution.name,
        deployment=_deployment_of(document["description"]),
        outcome=_ENDINGS.get(final_state(document["events"]), "failed"),
        started=execution.started,
        ended=execution.ended,
        error=execution.error,
    )
    output = json.loads(execution.output or "{}")
    return run, _told_by(run.name, output if isinstance(output, dict) else {})


def _told_by(name: str, output: Mapping[str, Any]) -> _Report:
    of_runs = {name: output.get("datasets", {}), **output.get("made_up_for", {})}
    rows = {
        run: _Counts(
            sum(counts["rows_read"] for counts in datasets.values()),
            sum(counts["rows_quarantined"] for counts in datasets.values()),
        )
        for run, datasets in of_runs.items()
        if datasets
    }
    return _Report(rows, len(output["warnings"]) if "warnings" in output else None)


@lru_cache(maxsize=_REMEMBERED)
def _report_of(path: Path, _written: int) -> _Report:
    """From the document that a run wrote; of a run that failed or was stopped it is the only one."""
    document = json.loads(path.read_bytes())
    rows = dict[str, _Counts]()
    for each in document["datasets"]:
        read, rejected = rows.get(each["run_id"], _Counts(0, 0))
        rows[each["run_id"]] = _Counts(read + each["read"], rejected + each["quarantined"])
    violated = [check for check in document["checks"] if is_violated(check["violations"], check["limit"])]
    return _Report(rows, sum(check["severity"] == "warn" for check in violated))


def _with_counts(run: Run, report: _Report, own: _Counts | None) -> Run:
    """A run that told rows of other runs alone has read none itself, as has a run that had nothing to do."""
    told = replace(run, warnings=report.warnings, made_up=bool(report.rows.keys() - {run.name}))
    if own or report.rows:
        read, rejected = own or _Counts(0, 0)
        return replace(told, read=read, rejected=rejected)
    return replace(told, read=0) if run.outcome == "nothing_to_do" else told


def _with_ages(newest_first: Sequence[Run]) -> Iterator[Run]:
    """Until its end a run's readers see what the runs before it have published."""
    for place, run in enumerate(newest_first):
        earlier = (other for other in newest_first[place + 1 :] if other.read or other.made_up)
        published = next((other.ended for other in earlier if other.ended), None)
        age = (run.ended - published).total_seconds() if run.ended and published else None
        yield replace(run, age=age)


def _deployment_of(description: dict[str, Any]) -> str:
    return str(description["executionArn"]).split(":")[-2]
