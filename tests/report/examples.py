"""Example documents of all kinds of run, made from one real run: `clean.json`, a run of the captured sample."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

from report.lineage import lineage
from report.times import moment, seconds_between, told

REAL = Path(__file__).with_name("clean.json")
GRAPH = Path(__file__).with_name("graph.json")
_RUNS_BEFORE = 30

Made = dict[str, Any]


def clean() -> Made:
    """The real run: four files of 1,651 rows each, nothing refused; with runs before it."""
    found: Made = json.loads(REAL.read_text(encoding="utf-8"))
    for check in found["checks"]:
        check["history"] = _before(check)
    found["graph"] = json.loads(GRAPH.read_text(encoding="utf-8"))
    found["lineage"] = lineage()
    return found


def _before(check: Made) -> list[Made]:
    """The earlier results of a rule: some runs had violations that the rule allows."""
    limit = int(check["limit"] or 0)
    return [
        {
            "run_id": f"2020-02-29T{number // 6:02}-{number % 6}0-00-395",
            "violations": number * 7 % (limit + 1),
        }
        for number in range(_RUNS_BEFORE)
    ]


def with_rejects() -> Made:
    """Two files that could not be used, and rows that three rules refused."""
    made = clean()
    made["outcome"] = "succeeded_with_rejects"
    _refuse(made, "books", "range", ["average_rating"], 7)
    _refuse(made, "books", "type", ["num_pages", "ratings_count"], 12)
    _refuse(made, "reviews", "required", ["book_id"], 3)
    made["notes"] = [
        "readme.txt: 'readme.txt' names no known dataset; expected author.csv or authors/<name>.csv",
        "reviews/<script>alert(1)</script>.csv: the header lacks book_id",
    ]
    unusable = [
        {
            "key": note.split(": ")[0],
            "dataset": None,
            "bytes": 120,
            "rows": None,
            "outcome": "quarantined",
            "note": note.split(": ", 1)[1],
        }
        for note in made["notes"]
    ]
    made["files"] = {
        "total": 6,
        "bytes": made["files"]["bytes"] + 240,
        "published_before": 1,
        "left_for_later": 0,
        "listed": [*unusable, *made["files"]["listed"]],
    }
    made["throughput"]["files"] = 6
    return made


def failed_in_spark() -> Made:
    """The Spark step failed twice; nothing was published."""
    made = _failed_after(
        "TransformToProcessed",
        "States.TaskFailed",
        "Job aborted: no space left on device (log: s3://goodreads-logs-123456789012-us-east-1/emr/steps/)",
    )
    state = _state(made, "TransformToProcessed")
    begun, ended = moment(state["entered"]), moment(state["ended"])
    half, again = begun + (ended - begun) / 2, begun + (ended - begun) / 2 + timedelta(seconds=2)
    attempt = {"error": "States.TaskFailed", "cause": made["failure"]["cause"]}
    state["tries"] = [
        {"from": told(begun), "to": told(half), **attempt},
        {"from": told(again), "to": told(ended), **attempt},
    ]
    state["waits"] = [{"from": told(half), "to": told(again), "why": "retry"}]
    return made


def failed_in_a_check() -> Made:
    """A rule blocked the publish: too many rows of books were refused."""
    made = _failed_after(
        "AuditStaging",
        "DataQualityError",
        "1 of 42 checks of AuditStaging are violated (rows): books at_most_10_percent_rejected: 412. Look at the rejects of this "
        'run in the quarantine zone; if they are right start an execution with {"accept_rejects": true}',
    )
    made["checks"] = clean()["checks"][:40]
    made["checks"].append(
        {
            "rule": "at_most_10_percent_rejected",
            "table": "books",
            "stage": "AuditStaging",
            "severity": "block",
            "violations": 412,
            "limit": 10,
            "found": None,
            "expected": None,
            "says": None,
            "examples": [],
            "seconds": 0.012,
            "history": [],
        }
    )
    made["rejects"] = [_rejected("books", "type", ["num_pages"], 412)]
    return made


def skipped() -> Made:
    """Another run held the lease."""
    made = _without_work(
        "skipped",
        "ReadLease",
        "StillHeld?",
        "CommandHolds?",
        "DescribeHolder",
        "HolderRuns?",
        "CountSkippedRun",
        "Skipped",
    )
    first = made["states"][0]
    first["status"] = "failed"
    first["tries"][0] |= {
        "error": "DynamoDB.ConditionalCheckFailedException",
        "cause": "The conditional request failed",
    }
    made |= {"window": None, "graph": None, "lineage": None}
    return made


def nothing_to_do() -> Made:
    """Nothing had landed."""
    return _without_work("nothing_to_do", "PlanCopies", "AnythingToDo?", "ReleaseIdleLease", "NothingToDo")


def many_files() -> Made:
    """Ten thousand files: the document lists a thousand of them, and the first twenty of forty copy tasks."""
    made = clean()
    sources = made["files"]["listed"]
    listed = [
        {
            **sources[number % 4],
            "key": f"{sources[number % 4]['dataset']}/2020-02-29T{number:05d}.csv",
            "bytes": 4096,
            "rows": 12,
        }
        for number in range(1000)
    ]
    made["files"] |= {"total": 10_000, "bytes": 40_960_000, "left_for_later": 2_500, "listed": listed}
    made["throughput"] |= {"files": 10_000, "bytes": 40_960_000}
    copies, batch = _state(made, "CopyToWorking"), _state(made, "CopyBatch")
    copies["iterations"] = 40
    place = made["states"].index(batch)
    made["states"][place : place + 1] = [
        {**batch, "branch": f"CopyToWorking[{number}]"} for number in range(20)
    ]
    return made


def running() -> Made:
    """The Spark step is at work."""
    made = _until(clean(), "TransformToProcessed")
    made |= {"outcome": "running", "ended": None, "seconds": None, "rejects": [], "checks": []}
    made |= {"analytics": [], "datasets": []}
    state = made["states"][-1]
    state |= {"status": "running", "ended": None, "seconds": None, "output": None}
    state["tries"][-1]["to"] = None
    made["throughput"] |= {"rows": None, "bytes_per_second": None, "rows_per_second": None}
    made["cost"] |= {"usd": None, "parts": []}
    return _not_published(made, "waiting")


KINDS: dict[str, Callable[[], Made]] = {
    kind.__name__: kind
    for kind in (
        clean,
        with_rejects,
        failed_in_spark,
        failed_in_a_check,
        skipped,
        nothing_to_do,
        many_files,
        running,
    )
}


def _refuse(made: Made, dataset: str, rule: str, columns: list[str], rows: int) -> None:
    """Move rows from stale to quarantined: the sum stays what was read."""
    counts = next(each for each in made["datasets"] if each["dataset"] == dataset)
    counts["stale"] -= rows
    counts["quarantined"] += rows
    made["rejects"].append(_rejected(dataset, rule, columns, rows))


def _rejected(dataset: str, rule: str, columns: list[str], rows: int) -> Made:
    examples = [
        {"file": f"{dataset}.csv", "record": 17 * number, "key": str(4000 + number) if number % 3 else None}
        for number in range(1, min(rows, 10) + 1)
    ]
    return {"dataset": dataset, "rule": rule, "columns": columns, "rows": rows, "examples": examples}


def _state(made: Made, name: str) -> Made:
    found: Made = next(state for state in made["states"] if state["name"] == name)
    return found


def _until(made: Made, name: str) -> Made:
    """The document with its states up to this one."""
    last = made["states"].index(_state(made, name))
    made["states"] = made["states"][: last + 1]
    return made


def _failed_after(name: str, error: str, cause: str) -> Made:
    made = _until(clean(), name)
    state = _state(made, name)
    state |= {"status": "failed", "output": None}
    state["tries"][-1] |= {"error": error, "cause": cause}
    for after in ("ReleaseLeaseAfterFailure", "WordFailure", "NotifyFailure", "Failed"):
        made["states"].append(_short(clean()["states"][0], after, moment(made["states"][-1]["ended"])))
    made["states"][-1]["status"] = "failed"
    made |= {"outcome": "failed", "datasets": [], "analytics": [], "checks": []}
    made["failure"] = {
        "state": name,
        "error": error,
        "cause": cause,
        "safe": "Nothing is lost. Nothing of this run was published, and its files are still in the landing zone.",
        "to_do": "Mend the cause and wait for the next scheduled run. Nothing has to be started again.",
        "runbook": "docs/runbook.md",
        "log": None,
    }
    made["throughput"] |= {"rows": None, "rows_per_second": None}
    return _not_published(_ended(made), "waiting")


def _without_work(outcome: str, *names: str) -> Made:
    made = clean()
    whole = made["states"]
    made["states"] = whole[:1]
    for name in names:
        known = next((state for state in whole if state["name"] == name), whole[0])
        made["states"].append(_short(known, name, moment(made["states"][-1]["ended"])))
    made |= {"outcome": outcome, "datasets": [], "checks": [], "analytics": [], "rejects": []}
    made["files"] |= {"total": 0, "bytes": 0, "listed": []}
    made["throughput"] = dict.fromkeys(made["throughput"]) | {"files": 0, "bytes": 0, "rows": 0}
    return _ended(made)


def _short(like: Made, name: str, at: Any) -> Made:
    """A state of ten milliseconds."""
    kinds = {"?": "Choice", "WordFailure": "Pass", "Failed": "Fail", "Skipped": "Succeed"}
    kind = kinds.get(name[-1]) or kinds.get(name) or ("Succeed" if name == "NothingToDo" else "Task")
    begun, ended = told(at), told(at + timedelta(milliseconds=10))
    attempt = {"from": begun, "to": ended, "error": None, "cause": None}
    made = deepcopy(like) | {"name": name, "type": kind, "status": "succeeded"}
    return made | {
        "entered": begun,
        "ended": ended,
        "seconds": 0.01,
        "tries": [attempt] if kind == "Task" else [],
        "waits": [],
    }


def _ended(made: Made) -> Made:
    made["ended"] = made["states"][-1]["ended"]
    made["seconds"] = seconds_between(moment(made["started"]), moment(made["ended"]))
    parts = made["cost"]["parts"][:2]
    made["cost"] |= {"usd": sum(part["usd"] for part in parts), "parts": parts}
    return made


def _not_published(made: Made, outcome: str) -> Made:
    made["files"]["listed"] = [{**file, "rows": None, "outcome": outcome} for file in made["files"]["listed"]]
    return made


def text_of(made: Made) -> str:
    """The document as a file has it: a line for each of its parts."""
    lines = ",\n".join(f"{json.dumps(key)}: {_lines(value)}" for key, value in made.items())
    return f"{{\n{lines}\n}}\n"


def _lines(value: Any) -> str:
    texts = [json.dumps(each, ensure_ascii=False) for each in value] if isinstance(value, list) else []
    return "[\n" + ",\n".join(texts) + "\n]" if texts else json.dumps(value, ensure_ascii=False)
