"""Makes the document of a run. Pure: who asks for it has read the history, the plan, the ledger and quarantine before."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from contract.ledger import MOST_FILES, ROWS, LedgerLine, word_of
from contract.plan import Plan, PlannedFile
from report.cost import Resources, cost_of
from report.document import (
    VERSION,
    Alarm,
    AnalyticsTable,
    Check,
    Document,
    Failure,
    File,
    FileOutcome,
    Files,
    Graph,
    Link,
    Outcome,
    Rejects,
    Rows,
    State,
    Throughput,
    Window,
    rows_of_run,
)
from report.states import LONGEST_PAYLOAD, cut, error_of, failed_function, refused_in, states_of, work_of
from report.times import moment, seconds_between, told

EXAMPLE_ACCOUNT = "123456789012"
"""The account of the examples in AWS's documentation, which nobody has: that of the endpoint on one machine."""

MOST_NOTES = 100

ANALYTICS, PAST_ANALYTICS = "analytics", "past_analytics"
"""Where the state data names the statements that read the tables: the current ones, and those of a past window if one was asked for."""

WRITING = "WriteReport"
"""The names of the states that write the document begin with this. The document leaves them out: they have not ended yet."""

_ENDINGS: Mapping[str, Outcome] = {
    "Succeeded": "succeeded",
    "SucceededWithRejects": "succeeded_with_rejects",
    "NothingToDo": "nothing_to_do",
    "Skipped": "skipped",
    "Failed": "failed",
}
_WRITERS = {
    f"{WRITING}OfIdleRun": "NothingToDo",
    f"{WRITING}OfSkippedRun": "Skipped",
    f"{WRITING}OfFailedRun": "Failed",
}
_HANDLING = ("ReleaseLeaseAfterFailure", "WordFailure", "NotifyFailure", "Failed")
STOPPED = ("TIMED_OUT", "ABORTED")
"""How an execution ends that no state of its own ends."""

_STATUS: Mapping[str, Outcome] = {"RUNNING": "running", "SUCCEEDED": "succeeded"}

_NOTHING_PUBLISHED = "Nothing is lost. Nothing of this run was published: its files are still in the landing zone, and the next run takes them."
_PUBLISHED = "Nothing is lost. The rows of this run are published. The next run does what this run left undone, also if nothing new lands."
ERRORS = frozenset(
    {
        "DataQualityError",
        "DynamoDB.ConditionalCheckFailedException",
        "InvalidExecutionInput",
        "MigrationRefusedError",
        "NotPublishedError",
        "Redshift.SerializableConflict",
        "Redshift.StatementAborted",
        "Redshift.StatementFailed",
        "Redshift.StatementTimedOut",
        "States.TaskFailed",
        "States.Timeout",
    }
)
"""The errors that docs/runbook.md has a section for. Whoever stops a run may give any other error."""

_TO_DO = (
    "Read the runbook's section about the error. When the cause is mended, wait for the next scheduled run."
)


@dataclass(frozen=True, kw_only=True)
class Execution:
    """An execution as Step Functions describes it; `ended` is None while it runs.

    While a run writes its own document, `status` is the name of the state in which it is about to end.
    """

    deployment: str
    region: str
    arn: str
    started: datetime
    ended: datetime | None = None
    status: str = "RUNNING"
    input: str | None = None
    error: str | None = None
    cause: str | None = None

    @property
    def run_id(self) -> str:
        """The name of the run."""
        return self.arn.rpartition(":")[2]

    @property
    def is_here(self) -> bool:
        """Whether it ran on one machine: the endpoint's account is the one of AWS's examples, and no console has it."""
        return self.arn.split(":")[4] == EXAMPLE_ACCOUNT

    @classmethod
    def of(cls, description: Mapping[str, Any], *, deployment: str, region: str) -> "Execution":
        """From DescribeExecution's answer."""
        return cls(
            deployment=deployment,
            region=region,
            arn=description["executionArn"],
            started=moment(description["startDate"]),
            ended=moment(description["stopDate"]) if description.get("stopDate") else None,
            status=description["status"],
            input=description.get("input"),
            error=description.get("error"),
            cause=description.get("cause"),
        )


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What others know of the run; what nobody has asked for is None or empty."""

    known: Mapping[str, Any] | None = None
    """The state data, if the run itself asks; else it is read from the history."""
    plan: Plan | None = None
    ledger: Sequence[LedgerLine] = ()
    rows_of_files: Mapping[str, int] = field(default_factory=dict)
    rejects: Sequence[Rejects] = ()
    checks: Sequence[Check] = ()
    analytics: Sequence[AnalyticsTable] = ()
    alarms: Sequence[Alarm] | None = None
    resources: Resources | None = None
    graph: Graph | None = None
    lineage: dict[str, Any] | None = None


def document_of(execution: Execution, events: Sequence[Mapping[str, Any]], findings: Findings) -> Document:
    """The document of a run that has ended, goes on, or is just writing it."""
    known = state_data(events) if findings.known is None else findings.known
    states = [
        state
        for state in states_of(events, running=execution.status == "RUNNING")
        if not state["name"].startswith(WRITING)
    ]
    outcome = _outcome(execution, states)
    datasets = _datasets(execution.run_id, known, findings.ledger)
    seconds = seconds_between(execution.started, execution.ended) if execution.ended else None
    files = _files(findings, known, execution.run_id, published=_has_published(states))
    failure = _failure(execution, states, events, datasets, known) if outcome == "failed" else None
    return {
        "version": VERSION,
        "deployment": execution.deployment,
        "region": execution.region,
        "run_id": execution.run_id,
        "execution_arn": execution.arn,
        "outcome": outcome,
        "started": told(execution.started),
        "ended": told(execution.ended) if execution.ended else None,
        "seconds": seconds,
        "input": cut(execution.input),
        "window": _window(known, outcome),
        "failure": failure,
        "notes": [str(note) for note in known.get("plan", {}).get("notes", [])][:MOST_NOTES],
        "states": states,
        "graph": findings.graph,
        "files": files,
        "datasets": datasets,
        "rejects": list(findings.rejects),
        "checks": list(findings.checks),
        "analytics": list(findings.analytics),
        "throughput": _throughput(execution.run_id, files, datasets, seconds, outcome),
        "permissions": {"refused": refused_in(events)},
        "alarms": None if findings.alarms is None else list(findings.alarms),
        "cost": cost_of(work_of(events), findings.resources, execution.region),
        "lineage": findings.lineage,
        "links": _links(execution, known, failed_function(events, failure["error"]) if failure else None),
    }


def state_data(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What the run knew at last: the plan's summary, the report, the statement that read the ledger."""
    known: dict[str, Any] = {}
    for event in events:
        for details, text in (("stateEnteredEventDetails", "input"), ("stateExitedEventDetails", "output")):
            found = _object(event.get(details, {}).get(text))
            if "lease" in found:
                known = found
    return known


def readable_cause(cause: str) -> str:
    """The message inside a cause that is JSON (Lambda's error, EMR's step), or the cause itself."""
    found = _object(cause)
    if "errorMessage" in found:
        return str(found["errorMessage"])
    details = found.get("Step", {}).get("Status", {}).get("FailureDetails", {})
    return f"{details.get('Message')} (log: {details.get('LogFile')})" if details else cause


def status_after(state: str, known: Mapping[str, Any]) -> str:
    """The ending to which a state leads that writes the report; `known` is its state data."""
    if state == WRITING:
        return "SucceededWithRejects" if known["report"]["has_rejects"] else "Succeeded"
    return _WRITERS[state]


def ending_of(states: Sequence[State]) -> str | None:
    """The name of the state in which the run ended; None if it has not come to one."""
    return next((state["name"] for state in reversed(states) if state["name"] in _ENDINGS), None)


def _outcome(execution: Execution, states: Sequence[State]) -> Outcome:
    ending = ending_of(states) or execution.status
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    return _STATUS.get(execution.status, "failed")


def _datasets(run_id: str, known: Mapping[str, Any], ledger: Sequence[LedgerLine]) -> list[Rows]:
    """The ledger's lines if they were read, else what ReportRun has told of them."""
    if ledger:
        return [_rows(line.run_id, line.dataset, line.counts) for line in ledger]
    report = known.get("report", {})
    own = {run_id: report.get("datasets", {}), **report.get("made_up_for", {})}
    return [
        _rows(run, dataset, counts)
        for run, datasets in own.items()
        for dataset, counts in sorted(datasets.items())
    ]


def _rows(run_id: str, dataset: str, counts: Mapping[str, int]) -> Rows:
    words: Any = {word_of(name): counts[name] for name in ROWS}
    return cast("Rows", {"run_id": run_id, "dataset": dataset, **words})


def _has_published(states: Sequence[State]) -> bool:
    """Whether the publish was committed, also if the run was stopped before it asked the ledger."""
    return any(state["name"] == "PublishWarehouse" and state["status"] == "succeeded" for state in states)


def _files(findings: Findings, known: Mapping[str, Any], run_id: str, *, published: bool) -> Files:
    plan, summary = findings.plan, known.get("plan", {})
    if plan is None:
        return {
            "total": summary.get("files", 0),
            "bytes": summary.get("bytes", 0),
            "published_before": summary.get("published_before", 0),
            "left_for_later": summary.get("left_for_later", 0),
            "listed": [],
        }
    published = published or any(line.run_id == run_id for line in findings.ledger) or "report" in known
    listed = [_file(file, plan, findings.rows_of_files, published=published) for file in plan.files]
    with_notes_first = sorted(listed, key=lambda file: file["note"] is None)
    return {
        "total": len(plan.files),
        "bytes": sum(file.size for file in plan.files),
        "published_before": len(plan.published),
        "left_for_later": plan.left_for_later,
        "listed": with_notes_first[:MOST_FILES],
    }


def _file(file: PlannedFile, plan: Plan, rows: Mapping[str, int], *, published: bool) -> File:
    outcome: FileOutcome
    if file.problem:
        outcome = "quarantined"
    elif plan.is_empty(file):
        outcome = "empty"
    else:
        outcome = "published" if published else "waiting"
    return {
        "key": file.key,
        "dataset": file.dataset,
        "bytes": file.size,
        "rows": rows.get(file.key),
        "outcome": outcome,
        "note": file.problem,
    }


def _window(known: Mapping[str, Any], outcome: Outcome) -> Window | None:
    """The window of the tables that the document shows; None of a run that ended well without analysing one.

    A past one was asked for: until the run has read any tables, it is told, too.
    """
    window = known.get("plan", {}).get("window")
    if not window or (outcome not in ("running", "failed") and not _has_analysed(known)):
        return None
    past = window.get("past") if PAST_ANALYTICS in known or ANALYTICS not in known else None
    shown = past or window
    return {"start": told(moment(shown["start"])), "end": told(moment(shown["end"])), "past": bool(past)}


def _has_analysed(known: Mapping[str, Any]) -> bool:
    """Whether the tables are those of the run's window: the report of the run says so, or what it has read."""
    return bool(known.get("report", {}).get("window")) or ANALYTICS in known


def _failure(
    execution: Execution,
    states: Sequence[State],
    events: Sequence[Mapping[str, Any]],
    datasets: Sequence[Rows],
    known: Mapping[str, Any],
) -> Failure:
    came_to_failure = _is_handled(execution, states)
    handled = (_handled(known) or error_of(events)) if came_to_failure else None
    error, cause = handled or (execution.error or execution.status, execution.cause or "")
    ended = "failed" if came_to_failure else "aborted"
    failed = [state for state in states if state["status"] == ended and state["name"] not in _HANDLING]
    inner = [state for state in failed if state["tries"]] or failed
    published = bool(rows_of_run(execution.run_id, datasets)) or _has_published(states)
    function = failed_function(events, error) if execution.is_here else None
    return {
        "state": inner[-1]["name"] if inner else None,
        "error": error,
        "cause": readable_cause(cause)[:LONGEST_PAYLOAD],
        "safe": _PUBLISHED if published else _NOTHING_PUBLISHED,
        "to_do": _TO_DO,
        "runbook": f"docs/runbook.md#{_anchor(error)}",
        "log": _log(cause) or (f"logs/lambda-{function}.log in the state folder" if function else None),
    }


def _is_handled(execution: Execution, states: Sequence[State]) -> bool:
    """False for a run that was stopped before it came to the failure states: an error in its state data is one that it got over."""
    return execution.status not in STOPPED or (bool(states) and states[-1]["name"] in _HANDLING)


def _handled(known: Mapping[str, Any]) -> tuple[str, str] | None:
    """The error in the state data of the failure states."""
    failure = known.get("failure")
    return (str(failure["Error"]), str(failure.get("Cause", ""))) if failure else None


def _anchor(error: str) -> str:
    """The anchor of the runbook's section; all errors of the Data API share one, and so do errors without a section of their own."""
    if error.startswith("RedshiftData."):
        return "redshiftdata-errors"
    return (error if error in ERRORS else "RunFailed").lower().replace(".", "")


def _log(cause: str) -> str | None:
    """The log of the EMR step, if the cause names it."""
    found = _object(cause).get("Step", {}).get("Status", {}).get("FailureDetails", {}).get("LogFile")
    return str(found) if found else None


def _throughput(
    run_id: str, files: Files, datasets: Sequence[Rows], seconds: float | None, outcome: Outcome
) -> Throughput:
    known = datasets or outcome == "nothing_to_do"
    rows = sum(each["read"] for each in rows_of_run(run_id, datasets)) if known else None
    return {
        "files": files["total"],
        "bytes": files["bytes"],
        "rows": rows,
        "bytes_per_second": _rate(files["bytes"], seconds),
        "rows_per_second": _rate(rows, seconds),
        "cpu_seconds": None,
    }


def _rate(amount: int | None, seconds: float | None) -> float | None:
    return round(amount / seconds, 1) if amount and seconds else None


def _links(execution: Execution, known: Mapping[str, Any], function: str | None) -> list[Link]:
    """The execution, its log and that of the function that failed, in AWS's consoles; and where the refused rows and files are."""
    found = [] if execution.is_here else list(_in_consoles(execution, function))
    found += [
        ("refused rows and files, with reasons", place)
        for place in known.get("report", {}).get("quarantine", [])
    ]
    return [{"title": title, "href": href} for title, href in found]


def _in_consoles(execution: Execution, function: str | None) -> Iterator[tuple[str, str]]:
    def home(service: str, place: str) -> str:
        return f"https://{execution.region}.console.aws.amazon.com/{service}/home?region={execution.region}#{place}"

    group = f"/aws/vendedlogs/states/{execution.deployment}".replace("/", "$252F")  # quoted twice
    yield (
        "the execution in the console of Step Functions",
        home("states", f"/v2/executions/details/{execution.arn}"),
    )
    yield (
        "the log of the state machine in CloudWatch",
        home("cloudwatch", f"logsV2:log-groups/log-group/{group}"),
    )
    if function:
        yield f"logs and metrics of {function}", home("lambda", f"/functions/{function}?tab=monitoring")


def _object(text: str | None) -> dict[str, Any]:
    """The object that a text holds; empty for any other text."""
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
