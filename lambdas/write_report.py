"""WriteReport and its like: make the run's document and its page, and write them to the reports zone.

The last state before every end of the state machine, which goes on whatever happens here. For a run that timed out or was aborted
EventBridge calls the function, after the run's end.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from botocore.exceptions import ClientError

from contract.keys import INDEX, INDEX_PAGE, document_key, lineage_key, page_key
from lambdas.shared.data_api import read_ledger, read_rows, read_rows_of_files
from lambdas.shared.environment import DRAWING
from lambdas.shared.reporting import Evidence, analytics, ledger_lines, rows_of_files
from lambdas.shared.run import Run
from lambdas.shared.zone import Zone, raise_unless_changed
from report.cost import Resources
from report.document import Document, Graph
from report.index import index_page, with_run
from report.lineage import Events, lineage
from report.making import Execution, Findings, document_of, state_data, status_after
from report.page import page_of
from report.times import moment

HTML = "text/html; charset=utf-8"
_PAGE = 1000
"""Events of a history in one answer: the most that Step Functions allows."""
_START = "executionStartedEventDetails"
_ENDS = {
    "ExecutionAborted": "executionAbortedEventDetails",
    "ExecutionTimedOut": "executionTimedOutEventDetails",
}
"""The last events of an execution that was stopped, and where they say why."""
_REDRIVEN = "ExecutionRedriven"


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """{execution, run_id, state, started, ended, input, known, deployment, resources, warehouse} -> {document: its S3 URI}.

    For a run that was stopped: {execution, run_id, status, started, ended, deployment, resources, warehouse}, with times in milliseconds.
    The document then replaces one that the run has written: a run that was stopped while or after it wrote its report has not ended as its
    report says. Nothing is written, and the answer is empty, if the execution was redriven after that end: the report is that of its last end.
    """
    run = Run.of(event)
    events = _history(event["execution"])
    stopped = "status" in event
    if stopped and _is_stale(event, events):
        return {}
    known = state_data(events) if stopped else event["known"]
    execution = _stopped(event, events) if stopped else _ending(event)
    made = document_of(execution, events, _findings(run, event, known))
    key = document_key(run.run_id)
    run.reports.write(key, _bytes(made))
    run.reports.write(page_key(run.run_id), page_of(made).encode(), content_type=HTML)
    told = Events(made, **event["warehouse"]).all()
    run.reports.write(lineage_key(run.run_id), "".join(f"{json.dumps(each)}\n" for each in told).encode())
    _note_in_index(run, made)
    return {"document": run.reports.uri(key)}


def _is_stale(told: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the execution was redriven after the end that EventBridge tells: an event may come late, or twice."""
    ended = moment(told["ended"])
    return any(each["type"] == _REDRIVEN and moment(each["timestamp"]) > ended for each in events)


def _ending(event: Mapping[str, Any]) -> Execution:
    """The execution, from the state of it that calls."""
    return _execution(
        event, status=status_after(event["state"], event["known"]), input=json.dumps(event["input"])
    )


def _stopped(event: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> Execution:
    """The execution, from what EventBridge tells and from its history, which knows the input and who stopped it."""
    end: Mapping[str, Any] = next(
        (each.get(_ENDS[each["type"]], {}) for each in reversed(events) if each["type"] in _ENDS), {}
    )
    return _execution(
        event,
        status=event["status"],
        input=next((each[_START].get("input") for each in events if _START in each), None),
        error=end.get("error"),
        cause=end.get("cause"),
    )


def _execution(event: Mapping[str, Any], **told: Any) -> Execution:
    arn = event["execution"]
    return Execution(
        deployment=event["deployment"],
        region=arn.split(":")[3],
        arn=arn,
        started=moment(event["started"]),
        ended=moment(event["ended"]),
        **told,
    )


def _findings(run: Run, event: Mapping[str, Any], known: Mapping[str, Any]) -> Findings:
    evidence = Evidence(run.run_id, run.working, run.quarantine)
    has_worked = "plan" in known
    return Findings(
        known=known,
        plan=evidence.plan() if has_worked else None,
        ledger=() if "report" in known else tuple(ledger_lines(known, read_ledger)),
        rows_of_files=rows_of_files(known, read_rows_of_files),
        rejects=evidence.rejects() if has_worked and _may_have_rejects(known) else (),
        checks=evidence.checks() if has_worked else (),
        analytics=analytics(known, read_rows),
        resources=Resources(**event["resources"]),
        graph=_drawing(run),
        lineage=lineage() if has_worked else None,
    )


def _may_have_rejects(known: Mapping[str, Any]) -> bool:
    """Whether to look for rejects: a run that came to its report knows whether it has some."""
    has_some: bool = known.get("report", {}).get("has_rejects", True)
    return has_some


def _drawing(run: Run) -> Graph:
    """The state machine, laid out when the templates were made."""
    bucket, _, key = os.environ[DRAWING].removeprefix("s3://").partition("/")
    found: Graph = json.loads(Zone(run.s3, bucket).read(key))
    return found


def _history(execution: str) -> Sequence[Mapping[str, Any]]:
    client = boto3.client("stepfunctions")
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution, PaginationConfig={"PageSize": _PAGE}
    )
    return [dict(event) for page in pages for event in page["events"]]


def _note_in_index(run: Run, made: Document) -> None:
    """Put the run in front of the list of runs, and draw the list. Runs that end at the same time lose no line.

    Whoever writes the page last finds that the list is still the one it has drawn, or draws it again.
    """
    while True:
        known, etag = _index(run)
        runs = with_run(known, made)
        if runs != known:
            etag = run.reports.write_if_unchanged(INDEX, json.dumps(runs).encode(), etag)
            if etag is None:
                continue
        page = index_page(made["deployment"], runs).encode()
        run.reports.write(INDEX_PAGE, page, content_type=HTML)
        if run.reports.etag(INDEX) == etag:
            return


def _index(run: Run) -> tuple[list[Mapping[str, Any]], str | None]:
    """The list of runs and its ETag; an empty list without one before the first run."""
    try:
        content, etag = run.reports.read_version(INDEX)
    except ClientError as error:
        raise_unless_changed(error)
        return [], None
    return json.loads(content), etag


def _bytes(made: Document) -> bytes:
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()
