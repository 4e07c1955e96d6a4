"""`pipeline report`: the document of a run, of one that goes on too, here or on AWS."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from contract.keys import document_key, run_folder
from lambdas.shared.reporting import Evidence
from lambdas.shared.zone import Zone, raise_unless_changed
from local_cloud.state import StateFolder
from operations.executions import Archive, StateMachine
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.status import chosen
from operations.terminal import console, told
from operations.zones import Zones, zones_of
from report.cost import Resources
from report.document import Alarm, Document
from report.lineage import lineage
from report.making import WRITING, Execution, Findings, document_of
from report.page import page_of
from stacks.state_machine.layout import layout_of

_KEPT_BY_THE_RUN = ("datasets", "rejects", "checks", "analytics", "lineage", "graph")
"""What the run itself has read from the warehouse; nobody asks the warehouse again."""


def report(
    execution: Annotated[
        str | None, typer.Argument(help="Name of the execution; default: the newest.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Folder to write to; default: reports/run=NAME in the state folder."),
    ] = None,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
) -> None:
    """Make the document of a run: its states, files, rows, rejects and cost; also while it goes on."""
    folder = StateFolder(state)
    with told(), zones_of(folder, name, on_aws=aws) as zones:
        source, found = chosen(folder, aws, name, execution)
        made = document_here(source, found.name, zones, deployment=name)
        console.answer(made, lambda: _write(made, to or folder.root / "reports" / run_folder(made["run_id"])))


def _write(made: Document, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    (target / "run.json").write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    page = target / "index.html"
    page.write_text(page_of(made), encoding="utf-8")
    console.print(f"{made['outcome'].replace('_', ' ')}: {page}", soft_wrap=True)


def document_here(source: Archive | StateMachine, run_id: str, zones: Zones, *, deployment: str) -> Document:
    """The document of a run, from its history and its zones.

    What only the warehouse could tell is taken from the document that the run wrote itself, if it did.
    """
    description = source.description(run_id)
    events = source.events(run_id)
    execution = Execution.of(
        description, deployment=deployment, region=str(description["executionArn"]).split(":")[3]
    )
    findings = Findings(
        **_evidence(run_id, zones),
        lineage=lineage(),
        alarms=_alarms(deployment),
        resources=_resources(events),
    )
    made = document_of(execution, events, findings)
    made = _completed(made, _written(zones, run_id))
    if made["graph"] is None and isinstance(source, StateMachine):  # the run has not come to its report
        made["graph"] = layout_of(source.definition(run_id))
    return made


def _evidence(run_id: str, zones: Zones) -> dict[str, Any]:
    """What the run left in its zones; nothing if the zones of its deployment are no more."""
    evidence = Evidence(run_id, Zone(zones.s3, zones.working), Zone(zones.s3, zones.quarantine))
    try:
        return {"plan": evidence.plan(), "rejects": evidence.rejects(), "checks": evidence.checks()}
    except zones.s3.exceptions.NoSuchBucket:
        return {}


def _completed(made: Document, written: Mapping[str, Any] | None) -> Document:
    """The document with what the run itself knew: whole parts, and single numbers that are missing."""
    if written is None:
        return made
    known = {key: written[key] for key in _KEPT_BY_THE_RUN if not made.get(key)}
    listed = made["files"]["listed"] or written["files"]["listed"]
    rows = {file["key"]: file["rows"] for file in written["files"]["listed"]}
    counted = [
        {**file, "rows": rows.get(file["key"]) if file["rows"] is None else file["rows"]} for file in listed
    ]
    numbers = {
        key: written["throughput"][key] if number is None else number
        for key, number in made["throughput"].items()
    }
    return cast(
        "Document", {**made, **known, "files": {**made["files"], "listed": counted}, "throughput": numbers}
    )


def _written(zones: Zones, run_id: str) -> dict[str, Any] | None:
    """The document that the run wrote; None if it has not come so far."""
    try:
        found: dict[str, Any] = json.loads(Zone(zones.s3, zones.reports).read(document_key(run_id)))
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":  # of a deployment older than the reports
            raise_unless_changed(error)
        return None
    return found


def _resources(events: list[dict[str, Any]]) -> Resources | None:
    """What the deployment runs on, as the run was told when it wrote its report; None before."""
    for event in reversed(events):
        details = event.get("lambdaFunctionScheduledEventDetails", {})
        found = json.loads(details.get("input") or "{}")
        if str(found.get("state", "")).startswith(WRITING):
            return Resources(**found["resources"])
    return None


def _alarms(deployment: str) -> list[Alarm] | None:
    """The deployment's alarms as they are now; None if nobody answers."""
    try:
        pages = (
            boto3.client("cloudwatch")
            .get_paginator("describe_alarms")
            .paginate(AlarmNamePrefix=f"{deployment}-")
        )
        return [
            {
                "name": alarm["AlarmName"],
                "state": alarm["StateValue"],
                "why": alarm.get("StateReason") or None,
            }
            for page in pages
            for alarm in page["MetricAlarms"]
        ]
    except (BotoCoreError, ClientError):
        return None
