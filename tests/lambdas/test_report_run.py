import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.checks import STAGES
from contract.ledger import ROWS, LedgerLine
from lambdas import report_run
from lambdas.report_run import report, totals
from tests.lambdas.children import metrics_of
from tests.lambdas.warehouse import Ledger
from tests.lambdas.zones import LocalZones, ledger_of

PLAN = {
    "files": 7,
    "bytes": 1234,
    "quarantined_files": 0,
    "published_before": 2,
    "notes": ["authors: unknown columns shelf are ignored"],
    "left_for_later": 3,
    "batches": [0],
    "has_rows": True,
    "window": {"start": "2020-02-01 00:00:00", "end": "2020-03-01 00:00:00"},
}
CHECKS: dict[str, Any] = {stage: {"warnings": []} for stage in STAGES}
COUNTS = {
    "rows_read": 15,
    "rows_inserted": 1,
    "rows_updated": 2,
    "rows_stale": 3,
    "rows_duplicate": 4,
    "rows_quarantined": 5,
}
counts = st.integers(0, 10**9)
lines = st.builds(
    LedgerLine,
    run_id=st.just("r1"),
    dataset=st.sampled_from(["authors", "books"]),
    **dict.fromkeys(ROWS, counts),
)


def test_the_report_says_what_became_of_every_file_and_every_row() -> None:
    (line,) = [line for line in ledger_of("r1", **COUNTS) if line.dataset == "books"]
    assert report("r1", PLAN, [line], [], "quarantine") == {
        "run_id": "r1",
        "files": 7,
        "bytes": 1234,
        "quarantined_files": 0,
        "published_before": 2,
        "notes": ["authors: unknown columns shelf are ignored"],
        "left_for_later": 3,
        "window": {"start": "2020-02-01 00:00:00", "end": "2020-03-01 00:00:00"},
        "datasets": {"books": COUNTS},
        "made_up_for": {},
        "has_rejects": True,
        "quarantine": ["s3://quarantine/run=r1/"],
    }


@pytest.mark.parametrize(
    ("files", "rows", "expected"), [(0, 0, False), (1, 0, True), (0, 1, True), (2, 3, True)]
)
def test_a_rejected_file_or_row_makes_a_run_with_rejects(files: int, rows: int, *, expected: bool) -> None:
    made = report("r1", PLAN | {"quarantined_files": files}, ledger_of("r1", rows_quarantined=rows), [], "q")
    assert made["has_rejects"] is expected
    assert made["quarantine"] == (["s3://q/run=r1/"] if expected else [])


def test_a_run_without_rows_is_reported_too() -> None:
    made = report("r1", PLAN, [], [], "quarantine")
    assert (made["datasets"], made["has_rejects"]) == ({}, False)


def test_the_rows_of_an_unfinished_run_are_reported_by_the_run_that_makes_up_for_it() -> None:
    left = ledger_of("r0", rows_read=5, rows_quarantined=5)
    made = report("r1", PLAN, ledger_of("r1"), left, "q")
    assert list(made["made_up_for"]) == ["r0"]
    assert made["made_up_for"]["r0"]["users"]["rows_quarantined"] == 5
    assert (made["has_rejects"], made["quarantine"]) == (True, ["s3://q/run=r0/"])


def test_the_totals_add_up_the_datasets() -> None:
    assert totals(ledger_of("r1", **COUNTS)) == {
        "RowsRead": 60,
        "RowsInserted": 4,
        "RowsUpdated": 8,
        "RowsStale": 12,
        "RowsDuplicate": 16,
        "RowsQuarantined": 20,
    }
    assert totals([]) == {}


@pytest.mark.slow
@given(st.lists(lines, min_size=1), st.randoms())
def test_the_order_of_the_lines_does_not_matter(found: list[LedgerLine], random: Random) -> None:
    shuffled = random.sample(found, len(found))
    assert totals(shuffled) == totals(found)
    assert totals(found)["RowsStale"] == sum(line.rows_stale for line in found)


def test_the_report_is_made_from_the_ledger_of_the_warehouse(zones: LocalZones, ledger: Ledger) -> None:
    ledger.publish("r1")
    ledger.publish("another")
    event = {
        "run_id": "r1",
        "plan": PLAN,
        "ledger_statement": ledger.read("r1"),
        "unfinished_statement": "",
        "checks": CHECKS,
    }
    made = report_run.handler(event, None)
    assert made["datasets"] == dict.fromkeys(["authors", "books", "reviews", "users"], COUNTS)
    assert made["quarantine"] == [f"s3://{zones.environment.quarantine_bucket}/run=r1/"]
    assert len(json.dumps(made)) < 10_000


@pytest.mark.usefixtures("zones")
def test_the_window_is_told_if_the_run_has_analysed_it() -> None:
    event = {"run_id": "r1", "plan": PLAN, "ledger_statement": "", "unfinished_statement": ""}
    assert report_run.handler({**event, "checks": CHECKS}, None)["window"] is None
    analysed = CHECKS | {"CheckAnalytics": {"checks": 7, "warnings": []}}
    assert report_run.handler({**event, "checks": analysed}, None)["window"] == PLAN["window"]


@pytest.mark.slow
@pytest.mark.usefixtures("zones")
def test_the_accounting_is_told_as_metrics(ledger: Ledger) -> None:
    ledger.publish("r1")
    event = {
        "run_id": "r1",
        "plan": PLAN,
        "ledger_statement": ledger.read("r1"),
        "unfinished_statement": "",
        "checks": CHECKS,
    }
    (blob,) = metrics_of("report_run", event)
    (directive,) = blob["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Test"
    assert directive["Dimensions"] == [["service"]]
    assert blob["service"] == "report_run"
    assert {metric["Unit"] for metric in directive["Metrics"]} == {"Count"}
    assert {metric["Name"]: blob[metric["Name"]] for metric in directive["Metrics"]} == {
        "RowsRead": [60.0],
        "RowsInserted": [4.0],
        "RowsUpdated": [8.0],
        "RowsStale": [12.0],
        "RowsDuplicate": [16.0],
        "RowsQuarantined": [20.0],
        "FilesQuarantined": [0.0],
        "FilesPublishedBefore": [2.0],
        "RunsWithRejects": [1.0],
        "RunsWithWarnings": [0.0],
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("own", "made_up_for", "expected"),
    [("", "r0", 60.0), ("r1", "r0", 120.0)],
    ids=["without rows of its own", "beside its own rows"],
)
@pytest.mark.usefixtures("zones")
def test_the_rows_of_a_run_that_was_made_up_for_are_told_as_metrics_too(
    ledger: Ledger, own: str, made_up_for: str, expected: float
) -> None:
    """That run died before it could tell them: nobody else will."""
    for run_id in filter(None, (own, made_up_for)):
        ledger.publish(run_id)
    event = {
        "run_id": "r1",
        "plan": PLAN,
        "ledger_statement": ledger.read(own) if own else "",
        "unfinished_statement": ledger.read(made_up_for),
        "checks": CHECKS,
    }
    (blob,) = metrics_of("report_run", event)
    assert blob["RowsRead"] == [expected]
    assert blob["RowsQuarantined"] == [expected / 3]
    assert blob["RunsWithRejects"] == [1.0]


@pytest.mark.usefixtures("zones")
def test_a_run_of_unusable_files_only_is_told_without_asking_the_warehouse() -> None:
    plan = PLAN | {"quarantined_files": 2, "has_rows": False}
    event = {
        "run_id": "r1",
        "plan": plan,
        "ledger_statement": "",
        "unfinished_statement": "",
        "checks": CHECKS,
    }
    (blob,) = metrics_of("report_run", event)
    (directive,) = blob["_aws"]["CloudWatchMetrics"]
    assert {metric["Name"]: blob[metric["Name"]] for metric in directive["Metrics"]} == {
        "FilesQuarantined": [2.0],
        "FilesPublishedBefore": [2.0],
        "RunsWithRejects": [1.0],
        "RunsWithWarnings": [0.0],
    }


@pytest.mark.slow
@pytest.mark.usefixtures("zones")
def test_the_warnings_of_all_stages_are_in_the_report_and_are_counted_as_a_run(ledger: Ledger) -> None:
    ledger.publish("r1")
    warned = CHECKS | {
        "AuditStaging": {"checks": 9, "warnings": ["a"]},
        "CheckAnalytics": {"warnings": ["b", "c"]},
    }
    event = {"run_id": "r1", "plan": PLAN, "ledger_statement": ledger.read("r1"), "unfinished_statement": ""}
    made = report_run.handler({**event, "checks": warned}, None)
    assert (made["has_warnings"], made["warnings"]) == (True, ["a", "b", "c"])
    made = report_run.handler({**event, "checks": CHECKS}, None)
    assert (made["has_warnings"], made["warnings"]) == (False, [])
    (blob,) = metrics_of("report_run", {**event, "checks": warned})
    assert blob["RunsWithWarnings"] == [1.0]
