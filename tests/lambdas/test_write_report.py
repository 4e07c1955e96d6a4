"""The document and the list of runs in the reports zone."""

import json
from datetime import datetime
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from contract.checks import checks_key
from contract.keys import copied_key, document_key, lineage_key
from contract.ledger import LedgerLine
from contract.plan import Plan, PlannedFile
from lambdas import write_report
from lambdas.check_quality import Check
from lambdas.shared.environment import DRAWING
from lambdas.shared.zone import Zone
from operations import run_report
from operations.executions import Archive
from operations.zones import Zones
from report.index import MOST_RUNS, index_page
from report.lineage import lineage
from tests.lambdas.zones import LocalZones
from tests.report.histories import History
from tests.report.test_documents import VALIDATOR

COUNTS = {
    "rows_read": 3,
    "rows_inserted": 1,
    "rows_updated": 0,
    "rows_stale": 0,
    "rows_duplicate": 0,
    "rows_quarantined": 2,
}
PLAN = {
    "files": 1,
    "bytes": 9,
    "notes": [],
    "window": {"start": "2020-02-01 00:00:00", "end": "2020-03-01 00:00:00"},
}
REPORT = {"datasets": {"books": COUNTS}, "made_up_for": {}, "has_rejects": True, "quarantine": []}
REJECT = {
    "run_id": "r1",
    "dataset": "books",
    "file": "s3://landing/books/a.csv",
    "record": 7,
    "violations": [{"column": "num_pages", "rule": "type", "value": "a person's words"}],
    "row": {"book_id": "41", "title": "a person's words"},
    "raw": None,
}


GRAPH = {"width": 10.0, "height": 10.0, "nodes": [], "edges": []}


@pytest.fixture(autouse=True)
def _drawing(zones: LocalZones, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the stack says that the drawing of the state machine is."""
    working = zones.run().working
    working.write("drawing.json", json.dumps(GRAPH).encode())
    monkeypatch.setenv(DRAWING, working.uri("drawing.json"))


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    found = History()
    found.enter("PlanCopies", lease={})
    found.call()
    found.leave("PlanCopies", lease={}, plan=PLAN)
    found.enter("WriteReport")
    monkeypatch.setattr(write_report, "_history", lambda _execution: found.events)
    return found


def _event(state: str = "WriteReport", run_id: str = "r1", **known: Any) -> dict[str, Any]:
    return {
        "execution": f"arn:aws:states:us-east-1:123456789012:execution:goodreads:{run_id}",
        "run_id": run_id,
        "state": state,
        "started": "2020-03-01T06:10:00.000Z",
        "ended": "2020-03-01T06:10:20.500Z",
        "input": {"window_start": "2020-02-01"},
        "known": known,
        "deployment": "goodreads",
        "resources": {"memory_mb": {"goodreads-plan-copies": 1024}, "emr_type": "m5.xlarge", "emr_count": 3},
        "warehouse": {"database": "dev", "port": 5440},
    }


def _written(zones: LocalZones, run_id: str = "r1") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(zones.content(zones.environment.reports_bucket, document_key(run_id)))
    VALIDATOR.validate(made)
    return made


@pytest.mark.usefixtures("history")
def test_the_document_of_a_run_has_its_rows_its_files_and_its_rejects(zones: LocalZones) -> None:
    file = PlannedFile(
        key="books/a.csv", etag="e", size=9, target="run=r1/books/00000-a.csv", dataset="books"
    )
    zones.run().write_plan(copied_key, Plan(run_id="r1", files=(file,)))
    zones.run().quarantine.write("run=r1/books/part-0.json", json.dumps(REJECT).encode() + b"\n")
    answer = write_report.handler(_event(lease={}, plan=PLAN, report=REPORT), None)
    made = _written(zones)
    page = zones.content(zones.environment.reports_bucket, "run=r1/index.html").decode()
    assert "<title>Succeeded with rejects: goodreads r1</title>" in page
    assert answer == {"document": f"s3://{zones.environment.reports_bucket}/run=r1/run.json"}
    assert (made["outcome"], made["seconds"]) == ("succeeded_with_rejects", 20.5)
    assert [rows["quarantined"] for rows in made["datasets"]] == [2]
    assert [(each["key"], each["outcome"]) for each in made["files"]["listed"]] == [
        ("books/a.csv", "published")
    ]
    assert [(each["rule"], each["rows"], each["examples"][0]["key"]) for each in made["rejects"]] == [
        ("type", 1, "41")
    ]
    assert "a person's words" not in json.dumps(made)
    assert made["graph"] == GRAPH
    assert [state["name"] for state in made["states"]] == ["PlanCopies"]


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("report", "found"), [({"has_rejects": False}, 0), ({"has_rejects": True}, 1), ({}, 1)]
)
def test_a_run_that_knows_of_no_reject_does_not_look_for_some(
    zones: LocalZones, report: dict[str, Any], found: int
) -> None:
    """The run spares four requests; one that came to no report has to look."""
    zones.run().quarantine.write("run=r1/books/part-0.json", json.dumps(REJECT).encode() + b"\n")
    known: dict[str, Any] = {"report": {**REPORT, **report}} if report else {}
    write_report.handler(
        _event("WriteReport" if report else "WriteReportOfFailedRun", plan=PLAN, **known), None
    )
    assert len(_written(zones)["rejects"]) == found


@pytest.mark.usefixtures("history")
def test_the_document_tells_what_the_rules_of_each_stage_found_and_no_key_of_a_review(
    zones: LocalZones,
) -> None:
    for stage, table in (
        ("CheckPastAnalytics", "best_books"),
        ("AuditStaging", "reviews"),
        ("CheckWarehouse", "books"),
    ):
        check = Check(
            table_name=table,
            column_name="id",
            rule="unique",
            violations=None if table == "books" else 2,
            examples="7, 8",
            history="3 r0",
        )
        content = json.dumps({"stage": stage, "checks": [check.as_entry(stage)]})
        zones.run().working.write(checks_key("r1", stage), content.encode())
    write_report.handler(_event(lease={}, plan=PLAN, report=REPORT), None)
    told = [
        (check["stage"], check["table"], check["violations"], check["examples"])
        for check in _written(zones)["checks"]
    ]
    assert told == [
        ("AuditStaging", "reviews", 2, []),
        ("CheckWarehouse", "books", None, ["7", "8"]),
        ("CheckPastAnalytics", "best_books", 2, []),
    ]


@pytest.mark.usefixtures("history")
def test_a_run_leaves_its_lineage_and_openlineage_events(zones: LocalZones) -> None:
    write_report.handler(_event(lease={}, plan=PLAN, report=REPORT), None)
    assert _written(zones)["lineage"] == lineage()
    lines = zones.content(zones.environment.reports_bucket, lineage_key("r1")).splitlines()
    assert [json.loads(line)["eventType"] for line in lines] == ["START", "COMPLETE"]


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("state", "known", "outcome"),
    [
        ("WriteReportOfIdleRun", {"lease": {}, "plan": {**PLAN, "files": 0, "bytes": 0}}, "nothing_to_do"),
        ("WriteReportOfSkippedRun", {"Item": {}}, "skipped"),
        ("WriteReportOfFailedRun", {"failure": {"Error": "Bad", "Cause": "it was not good"}}, "failed"),
    ],
)
def test_a_run_that_ends_otherwise_has_a_document_too(
    zones: LocalZones, state: str, known: dict[str, Any], outcome: str
) -> None:
    write_report.handler(_event(state, **known), None)
    made = _written(zones)
    assert made["outcome"] == outcome
    if outcome == "failed":
        assert (made["failure"]["error"], made["failure"]["cause"]) == ("Bad", "it was not good")


@pytest.mark.usefixtures("history")
def test_a_flood_of_rejects_is_not_read_to_its_end_and_then_not_counted(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = json.dumps(REJECT).encode() + b"\n"
    monkeypatch.setattr("lambdas.shared.reporting._MOST_BYTES", 3 * len(line) + 5)
    zones.run().quarantine.write("run=r1/books/part-0.json", 10 * line)
    write_report.handler(_event(lease={}, plan=PLAN, report=REPORT), None)
    (rejects,) = _written(zones)["rejects"]
    assert (rejects["rows"], len(rejects["examples"])) == (None, 3)


@pytest.mark.usefixtures("history")
def test_the_list_of_runs_has_each_run_once_and_the_newest_first(zones: LocalZones) -> None:
    for run_id in ("r1", "r2", "r2"):
        event = _event(run_id=run_id, lease={}, plan=PLAN, report=REPORT)
        event["started"] = f"2020-03-01T06:1{run_id[1]}:00.000Z"
        write_report.handler(event, None)
    bucket = zones.environment.reports_bucket
    listed = json.loads(zones.content(bucket, "index.json"))
    assert [(run["run_id"], run["rows"], run["refused"]) for run in listed] == [("r2", 3, 2), ("r1", 3, 2)]
    page = zones.content(bucket, "index.html").decode()
    assert page.index('href="run=r2/') < page.index('href="run=r1/')
    assert len(listed) <= MOST_RUNS


def test_a_name_in_the_list_is_text() -> None:
    runs = [
        {
            "run_id": "<script>",
            "outcome": "failed",
            "started": "x",
            "seconds": None,
            "files": 0,
            "rows": 1234,
            "refused": None,
        }
    ]
    page = index_page("a & b", runs).partition("<main>")[2].partition("</table>")[0]
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "a &amp; b" in page
    assert ">1,234<" in page


def _told(status: str = "ABORTED", run_id: str = "r1", ended: int = 1583043020500) -> dict[str, Any]:
    """What EventBridge tells of a run that was stopped."""
    event = _event(run_id=run_id)
    for name in ("state", "input", "known"):
        del event[name]
    return {**event, "status": status, "started": 1583043000000, "ended": ended}


def _stopped(monkeypatch: pytest.MonkeyPatch) -> History:
    """The history of a run that is about to be stopped; `_end` ends it."""
    found = History()
    found.add("ExecutionStarted", input='{"window_start": "2020-02-01"}')
    monkeypatch.setattr(write_report, "_history", lambda _execution: found.events)
    return found


def _end(history: History, kind: str = "Aborted", **details: Any) -> int:
    """When the execution ended, or what else became of it, in milliseconds."""
    history.add(f"Execution{kind}", **details)
    at: datetime = history.events[-1]["timestamp"]
    return round(at.timestamp() * 1000)


def test_a_run_that_was_stopped_before_it_planned_has_a_document_and_a_line(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = _stopped(monkeypatch)
    history.enter("AcquireLease")
    _end(history, error="Stop", cause='the "wrong" window')
    answer = write_report.handler(_told(), None)
    made = _written(zones)
    assert answer == {"document": f"s3://{zones.environment.reports_bucket}/run=r1/run.json"}
    assert (made["outcome"], made["seconds"]) == ("failed", 20.5)
    assert (made["started"], made["ended"]) == ("2020-03-01T06:10:00.000Z", "2020-03-01T06:10:20.500Z")
    assert made["input"]["text"] == '{"window_start": "2020-02-01"}'
    assert (made["failure"]["error"], made["failure"]["cause"]) == ("Stop", 'the "wrong" window')
    assert "Nothing of this run was published" in made["failure"]["safe"]
    assert [(state["name"], state["status"]) for state in made["states"]] == [("AcquireLease", "aborted")]
    assert (made["files"]["total"], made["lineage"]) == (0, None)
    listed = json.loads(zones.content(zones.environment.reports_bucket, "index.json"))
    assert [(run["run_id"], run["outcome"]) for run in listed] == [("r1", "failed")]
    page = zones.content(zones.environment.reports_bucket, "run=r1/index.html").decode()
    assert "<title>Failed: goodreads r1</title>" in page


def test_a_run_that_timed_out_in_the_middle_of_the_step_shows_its_files_as_waiting(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = PlannedFile(
        key="books/a.csv", etag="e", size=9, target="run=r1/books/00000-a.csv", dataset="books"
    )
    zones.run().write_plan(copied_key, Plan(run_id="r1", files=(file,)))
    history = _stopped(monkeypatch)
    history.enter("PlanCopies", lease={})
    history.call()
    history.leave("PlanCopies", lease={}, plan=PLAN)
    history.enter("TransformToProcessed", lease={}, plan=PLAN)
    _end(history, "TimedOut")
    write_report.handler(_told("TIMED_OUT"), None)
    made = _written(zones)
    assert (made["outcome"], made["failure"]["error"]) == ("failed", "TIMED_OUT")
    assert made["failure"]["runbook"] == "docs/runbook.md#runfailed"
    assert [(each["key"], each["outcome"]) for each in made["files"]["listed"]] == [
        ("books/a.csv", "waiting")
    ]
    assert made["lineage"] == lineage()
    assert [state["status"] for state in made["states"]] == ["succeeded", "aborted"]
    lines = zones.content(zones.environment.reports_bucket, lineage_key("r1")).splitlines()
    assert [json.loads(line)["eventType"] for line in lines] == ["START", "FAIL"]


@pytest.mark.parametrize("has_asked_the_ledger", [True, False])
def test_a_run_that_was_stopped_after_its_publish_says_that_its_rows_are_published(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch, *, has_asked_the_ledger: bool
) -> None:
    file = PlannedFile(
        key="books/a.csv", etag="e", size=9, target="run=r1/books/00000-a.csv", dataset="books"
    )
    zones.run().write_plan(copied_key, Plan(run_id="r1", files=(file,)))
    line = LedgerLine(run_id="r1", dataset="books", **COUNTS)
    monkeypatch.setattr(write_report, "read_ledger", {"s1": [line]}.__getitem__)
    monkeypatch.setattr(write_report, "read_rows_of_files", {"s1": {"books/a.csv": 3}}.__getitem__)
    ledger: dict[str, Any] = {"ledger": {"statement": "s1"}} if has_asked_the_ledger else {}
    history = _stopped(monkeypatch)
    history.enter("PublishWarehouse", "Parallel", lease={}, plan=PLAN)
    history.leave("PublishWarehouse", "Parallel", lease={}, plan=PLAN, **ledger)
    history.enter("AcknowledgeLanding", lease={}, plan=PLAN, **ledger)
    _end(history)
    write_report.handler(_told(), None)
    made = _written(zones)
    assert (made["outcome"], made["failure"]["error"], made["failure"]["cause"]) == ("failed", "ABORTED", "")
    assert "are published" in made["failure"]["safe"]
    assert [each["outcome"] for each in made["files"]["listed"]] == ["published"]
    assert [rows["quarantined"] for rows in made["datasets"]] == ([2] if has_asked_the_ledger else [])


def test_the_report_of_a_run_that_was_stopped_while_it_wrote_its_own_replaces_that_one(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = _stopped(monkeypatch)
    history.enter("ReportRun", lease={}, plan=PLAN)
    history.leave("ReportRun", lease={}, plan=PLAN, report=REPORT)
    history.enter("WriteReport", lease={}, plan=PLAN, report=REPORT)
    write_report.handler(_event(lease={}, plan=PLAN, report=REPORT), None)
    assert _written(zones)["outcome"] == "succeeded_with_rejects"
    _end(history)
    write_report.handler(_told(), None)
    assert _written(zones)["outcome"] == "failed"
    listed = json.loads(zones.content(zones.environment.reports_bucket, "index.json"))
    assert [(run["run_id"], run["outcome"], run["rows"]) for run in listed] == [("r1", "failed", 3)]


@pytest.mark.parametrize("since", [["Redriven"], ["Redriven", "Succeeded"], ["Redriven", "Failed"]])
def test_the_report_of_a_run_that_was_redriven_since_is_left_to_the_run(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch, since: list[str]
) -> None:
    history = _stopped(monkeypatch)
    history.enter("PlanCopies", lease={})
    first = _told(ended=_end(history))
    for kind in since:
        _end(history, kind)
    assert write_report.handler(first, None) == {}
    assert zones.keys(zones.environment.reports_bucket) == []
    _end(history, "Redriven")
    assert write_report.handler(_told(ended=_end(history)), None) != {}


@pytest.mark.parametrize("earlier", ["Aborted", "TimedOut"])
@pytest.mark.parametrize("last", ["Aborted", "TimedOut"])
def test_an_event_of_an_earlier_stop_that_comes_late_leaves_the_report_of_the_last_one(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch, earlier: str, last: str
) -> None:
    status = {"Aborted": "ABORTED", "TimedOut": "TIMED_OUT"}
    history = _stopped(monkeypatch)
    history.enter("PlanCopies", lease={})
    first = _told(status[earlier], ended=_end(history, earlier))
    _end(history, "Redriven")
    second = _told(status[last], ended=_end(history, last, error="Second"))
    assert write_report.handler(second, None) != {}
    report = _written(zones)
    assert write_report.handler(first, None) == {}
    assert _written(zones) == report
    assert (report["failure"]["error"], report["seconds"]) == ("Second", 5)
    assert write_report.handler(second, None) != {}  # twice
    assert _written(zones) == report


def test_an_event_of_an_earlier_stop_writes_nothing_if_that_of_the_last_one_has_not_come_yet(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = _stopped(monkeypatch)
    history.enter("PlanCopies", lease={})
    first = _told(ended=_end(history))
    _end(history, "Redriven")
    _end(history)
    assert write_report.handler(first, None) == {}
    assert zones.keys(zones.environment.reports_bucket) == []


@pytest.mark.slow
@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("moment", ["write_if_unchanged", "etag"])
@pytest.mark.parametrize("earlier", [[], ["r0"]])
def test_a_run_that_ends_in_the_same_moment_keeps_its_line_in_the_list_and_on_the_page(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch, moment: str, earlier: list[str]
) -> None:
    """The other run is faster: it writes the list before this one does, or after it and before the last look."""

    def end(run_id: str) -> None:
        write_report.handler(_event(run_id=run_id, lease={}, plan=PLAN, report=REPORT), None)

    for run_id in earlier:
        end(run_id)
    others, own = iter(["r2"]), getattr(Zone, moment)

    def after_the_other(zone: Zone, *args: Any) -> Any:
        for run_id in others:
            end(run_id)
        return own(zone, *args)

    monkeypatch.setattr(Zone, moment, after_the_other)
    end("r1")
    expected = {*earlier, "r1", "r2"}
    bucket = zones.environment.reports_bucket
    assert {run["run_id"] for run in json.loads(zones.content(bucket, "index.json"))} == expected
    page = zones.content(bucket, "index.html").decode()
    assert {name for name in ("r0", "r1", "r2") if f'href="run={name}/' in page} == expected


@pytest.mark.usefixtures("history")
def test_a_zone_that_refuses_the_report_fails_the_function(zones: LocalZones) -> None:
    (zones.folder / zones.environment.reports_bucket).rmdir()
    with pytest.raises(ClientError):
        write_report.handler(_event(lease={}, plan=PLAN, report=REPORT), None)


class _Source:
    """The executions as Step Functions tells them later."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    def description(self, run_id: str) -> dict[str, Any]:
        return {
            "executionArn": _event(run_id=run_id)["execution"],
            "startDate": "2020-03-01T06:10:00.000Z",
            "stopDate": "2020-03-01T06:10:21.000Z",
            "status": "SUCCEEDED",
        }

    def events(self, _run_id: str) -> list[dict[str, Any]]:
        return self._events


@pytest.mark.parametrize("has_its_plan", [True, False])
def test_a_document_that_is_made_again_keeps_what_only_the_warehouse_could_tell(
    zones: LocalZones, history: History, monkeypatch: pytest.MonkeyPatch, *, has_its_plan: bool
) -> None:
    file = PlannedFile(
        key="books/a.csv", etag="e", size=9, target="run=r1/books/00000-a.csv", dataset="books"
    )
    run, line = zones.run(), LedgerLine(run_id="r1", dataset="books", **COUNTS)
    run.write_plan(copied_key, Plan(run_id="r1", files=(file,)))
    monkeypatch.setattr(write_report, "read_ledger", {"s1": [line]}.__getitem__)
    monkeypatch.setattr(write_report, "read_rows_of_files", {"s1": {"books/a.csv": 3}}.__getitem__)
    monkeypatch.setattr(run_report, "_alarms", lambda _deployment: [])
    failure = {"Error": "Bad", "Cause": "it was not good"}
    event = _event("WriteReportOfFailedRun", lease={}, plan=PLAN, ledger={"statement": "s1"}, failure=failure)
    write_report.handler(event, None)
    if not has_its_plan:  # the working zone forgets
        zones.s3.delete_object(Bucket=run.working.bucket, Key=copied_key("r1"))
    buckets = [f"{name}_bucket" for name in ("landing", "working", "processed", "quarantine", "reports")]
    places = Zones(zones.s3, *(getattr(zones.environment, bucket, "") for bucket in buckets))
    source = cast("Archive", _Source(history.events))
    made = run_report.document_here(source, "r1", places, deployment="goodreads")
    VALIDATOR.validate(made)
    assert [(each["key"], each["rows"]) for each in made["files"]["listed"]] == [("books/a.csv", 3)]
    assert [rows["read"] for rows in made["datasets"]] == [3]
    assert made["throughput"]["rows"] == 3
