"""WriteReport and its like: make the run's document and its page, and write them to the reports zone.

The last state before the end of every run. The state machine goes on whatever happens here.
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
from report.making import Execution, Findings, document_of, status_after
from report.page import page_of
from report.times import moment

HTML = "text/html; charset=utf-8"
_PAGE = 1000
"""Events of a history in one answer: the most that Step Functions allows."""


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """{execution, run_id, state, started, ended, input, known, deployment, resources, warehouse} -> {document: its S3 URI}."""
    run = Run.of(event)
    events = _history(event["execution"])
    made = document_of(_execution(event), events, _findings(run, event))
    key = document_key(run.run_id)
    run.reports.write(key, _bytes(made))
    run.reports.write(page_key(run.run_id), page_of(made).encode(), content_type=HTML)
    told = Events(made, **event["warehouse"]).all()
    run.reports.write(lineage_key(run.run_id), "".join(f"{json.dumps(each)}\n" for each in told).encode())
    _note_in_index(run, made)
    return {"document": run.reports.uri(key)}


def _execution(event: Mapping[str, Any]) -> Execution:
    arn = event["execution"]
    return Execution(
        deployment=event["deployment"],
        region=arn.split(":")[3],
        arn=arn,
        started=moment(event["started"]),
        ended=moment(event["ended"]),
        status=status_after(event["state"], event["known"]),
        input=json.dumps(event["input"]),
    )


def _findings(run: Run, event: Mapping[str, Any]) -> Findings:
    known = event["known"]
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
    """Put the run in front of the list of runs. A run that is skipped at this very moment may lose its line, never its document."""
    try:
        known = json.loads(run.reports.read(INDEX))
    except ClientError as error:
        raise_unless_changed(error)
        known = []
    runs = with_run(known, made)
    run.reports.write(INDEX, json.dumps(runs).encode())
    run.reports.write(INDEX_PAGE, index_page(made["deployment"], runs).encode(), content_type=HTML)


def _bytes(made: Document) -> bytes:
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()
