"""The document of a run from what Step Functions knows of it: its states, its rows, and why it failed."""

import json
from collections.abc import Mapping
from typing import Any, cast

from contract.ledger import ROWS, word_of
from operations.executions import Archive, Execution, StateMachine
from operations.run import final_state
from report.document import VERSION, Document, Failure, Rows
from report.states import LONGEST_PAYLOAD, cut, error_of, states_of
from report.times import moment, seconds_between, told

ENDINGS: Mapping[str, str] = {
    "Succeeded": "succeeded",
    "SucceededWithRejects": "succeeded_with_rejects",
    "NothingToDo": "nothing_to_do",
    "Skipped": "skipped",
}


def document_of(source: StateMachine | Archive, name: str) -> Document:
    """The document of a run as it is now; KeyError if there is no such run."""
    description, events = source.description(name), source.events(name)
    execution = Execution.from_description(description)
    running = execution.status == "RUNNING"
    report = json.loads(execution.output or "{}")
    outcome = "running" if running else ENDINGS.get(final_state(events), "failed")
    started, ended = moment(description["startDate"]), description.get("stopDate")
    seconds = seconds_between(started, moment(ended)) if ended else None
    arn = str(description["executionArn"]).split(":")
    window = report.get("window")
    return cast(
        "Document",
        {
            "version": VERSION,
            "deployment": arn[-2],
            "region": arn[3],
            "run_id": name,
            "execution_arn": description["executionArn"],
            "outcome": outcome,
            "started": told(started),
            "ended": told(moment(ended)) if ended else None,
            "seconds": seconds,
            "input": cut(description.get("input")),
            "window": {edge: told(moment(window[edge])) for edge in ("start", "end")} if window else None,
            "failure": _failure(execution, events) if outcome == "failed" else None,
            "notes": [str(note) for note in report.get("notes", [])],
            "states": states_of(events, running=running),
            "graph": None,
            "files": {"total": report.get("files", 0), "bytes": report.get("bytes", 0), "listed": []},
            "datasets": _datasets(name, report),
            "rejects": [],
            "checks": [],
            "analytics": [],
            "throughput": {
                "files": report.get("files", 0),
                "bytes": report.get("bytes", 0),
                "rows": None,
                "bytes_per_second": None,
                "rows_per_second": None,
                "cpu_seconds": None,
            },
            "permissions": None,
            "alarms": None,
            "cost": {"usd": None, "parts": [], "prices": None},
            "lineage": None,
            "links": [],
        },
    )


def _datasets(name: str, report: Mapping[str, Any]) -> list[Rows]:
    own = {name: report.get("datasets", {}), **report.get("made_up_for", {})}
    return [
        cast("Rows", {"run_id": run, "dataset": dataset, **{word_of(row): counts[row] for row in ROWS}})
        for run, datasets in own.items()
        for dataset, counts in sorted(datasets.items())
    ]


def _failure(execution: Execution, events: list[dict[str, Any]]) -> Failure:
    error, cause = error_of(events) or (execution.error or execution.status, execution.reason)
    return {
        "state": None,
        "error": error,
        "cause": cause[:LONGEST_PAYLOAD],
        "safe": "Nothing is lost: files that were not published are still in the landing zone, and the next run takes them.",
        "to_do": "Read the runbook's section about the error.",
        "runbook": "docs/runbook.md",
        "log": None,
    }
