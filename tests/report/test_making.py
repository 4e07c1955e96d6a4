"""The document of a run, from its history and from what else is known of it."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog import dataset_named
from contract.ledger import MOST_FILES, ROWS, LedgerLine
from contract.plan import Plan, PlannedFile
from local_cloud.account import ACCOUNT
from report.cost import Resources
from report.index import index_page, line_of
from report.making import ERRORS, EXAMPLE_ACCOUNT, Execution, Findings, document_of, readable_cause
from report.rejects import rejects_of
from stacks import ROOT
from tests.report.histories import STARTED, History
from tests.report.test_documents import VALIDATOR

ARN = "arn:aws:states:us-east-1:123456789012:execution:goodreads:r1"
SUMMARY = {
    "files": 2,
    "bytes": 300,
    "notes": ["users/nothing.csv: holds nothing"],
    "window": {"start": "2020-02-01 00:00:00", "end": "2020-03-01 00:00:00"},
}
COUNTS = dict(zip(ROWS, (10, 4, 3, 1, 0, 2), strict=True))
RESOURCES = Resources(
    memory_mb={"goodreads-plan-copies": 1024},
    emr_type="m5.xlarge",
    emr_count=3,
    redshift_type="ra3.large",
    redshift_count=2,
)


def _execution(status: str = "SUCCEEDED", **more: Any) -> Execution:
    return Execution(
        deployment="goodreads",
        region=more.pop("region", "us-east-1"),
        arn=ARN,
        started=STARTED,
        ended=None if status == "RUNNING" else STARTED + timedelta(seconds=20),
        status=status,
        input="{}",
        **more,
    )


def _run(ending: str, **data: Any) -> History:
    history = History()
    history.enter("PlanCopies", lease={})
    history.call()
    history.leave("PlanCopies", lease={}, plan=SUMMARY, **data)
    history.enter(ending, "Fail" if ending == "Failed" else "Succeed", lease={}, plan=SUMMARY, **data)
    return history


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        ("Succeeded", "succeeded"),
        ("SucceededWithRejects", "succeeded_with_rejects"),
        ("NothingToDo", "nothing_to_do"),
        ("Skipped", "skipped"),
        ("Failed", "failed"),
    ],
)
def test_the_outcome_is_the_state_in_which_the_run_ended(ending: str, outcome: str) -> None:
    made = document_of(_execution(), _run(ending).events, Findings())
    VALIDATOR.validate(made)
    assert made["outcome"] == outcome
    assert (made["failure"] is not None) == (outcome == "failed")


def test_a_run_that_is_not_at_its_end_is_running() -> None:
    history = History()
    history.enter("PlanCopies")
    made = document_of(_execution("RUNNING"), history.events, Findings())
    VALIDATOR.validate(made)
    assert (made["outcome"], made["ended"], made["seconds"]) == ("running", None, None)


def test_an_aborted_run_has_failed_with_the_words_of_who_aborted_it() -> None:
    history = History()
    history.enter("TransformToProcessed")
    made = document_of(_execution("ABORTED", cause="no longer needed"), history.events, Findings())
    VALIDATOR.validate(made)
    assert made["failure"] is not None
    assert (made["failure"]["error"], made["failure"]["cause"]) == ("ABORTED", "no longer needed")
    assert made["failure"]["state"] == "TransformToProcessed"
    assert made["failure"]["runbook"] == "docs/runbook.md#runfailed"


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_a_run_that_was_stopped_tells_an_earlier_error_only_if_it_was_about_to_fail_with_it(
    status: str,
) -> None:
    error = {"Error": "Redshift.StatementFailed", "Cause": "the user does not exist"}
    history = History()
    history.enter("PrepareWarehouse", lease={}, failure=error)
    history.leave("PrepareWarehouse", lease={}, failure=error)
    history.enter("TransformToProcessed", lease={})
    got_over = document_of(_execution(status), history.events, Findings())["failure"]
    history.leave("TransformToProcessed", lease={})
    history.enter("ReleaseLeaseAfterFailure", lease={}, failure=error)
    history.leave("ReleaseLeaseAfterFailure", lease={}, failure=error)
    history.enter("WriteReportOfFailedRun", lease={}, failure=error)
    about_to_fail = document_of(_execution(status), history.events, Findings())["failure"]
    assert got_over is not None
    assert about_to_fail is not None
    assert (got_over["error"], about_to_fail["error"]) == (status, "Redshift.StatementFailed")


def test_the_rows_are_those_that_the_report_told_or_the_ledgers_own() -> None:
    events = _run("Succeeded", report={"datasets": {"books": COUNTS}, "made_up_for": {}}).events
    told = document_of(_execution(), events, Findings())["datasets"]
    line = LedgerLine(run_id="r1", dataset="books", **COUNTS)
    read = document_of(_execution(), _run("Failed").events, Findings(ledger=[line]))["datasets"]
    expected = {"read": 10, "inserted": 4, "updated": 3, "stale": 1, "duplicate": 0, "quarantined": 2}
    assert told == read == [{"run_id": "r1", "dataset": "books", **expected}]


def test_the_rows_of_an_earlier_run_that_this_run_made_up_for_have_its_name() -> None:
    report = {"datasets": {}, "made_up_for": {"r0": {"books": COUNTS}}}
    made = document_of(_execution(), _run("Succeeded", report=report).events, Findings())
    assert [rows["run_id"] for rows in made["datasets"]] == ["r0"]


def test_a_failed_run_names_the_state_the_readable_cause_and_what_is_safe() -> None:
    history = History()
    history.enter("AuditStaging", lease={})
    history.call(error="DataQualityError")
    history.leave("AuditStaging", lease={})
    cause = json.dumps({"errorMessage": "too many rejects", "stackTrace": ["a line"]})
    history.enter("ReleaseLeaseAfterFailure", lease={}, failure={"Error": "DataQualityError", "Cause": cause})
    history.leave("ReleaseLeaseAfterFailure", lease={})
    history.enter("WriteReportOfFailure")
    made = document_of(_execution("FAILED"), history.events, Findings())
    VALIDATOR.validate(made)
    failure = made["failure"]
    assert failure is not None
    assert (failure["state"], failure["error"], failure["cause"]) == (
        "AuditStaging",
        "DataQualityError",
        "too many rejects",
    )
    assert "Nothing of this run was published" in failure["safe"]
    assert failure["runbook"] == "docs/runbook.md#dataqualityerror"
    assert [state["name"] for state in made["states"]] == ["AuditStaging", "ReleaseLeaseAfterFailure"]


def test_a_run_that_failed_after_its_publish_says_that_its_rows_are_safe() -> None:
    line = LedgerLine(run_id="r1", dataset="books", **COUNTS)
    made = document_of(_execution("FAILED"), _run("Failed").events, Findings(ledger=[line]))
    assert made["failure"] is not None
    assert "are published" in made["failure"]["safe"]


def _planned(number: int, problem: str | None = None, folder: str = "books") -> PlannedFile:
    return PlannedFile(
        key=f"books/{number}.csv",
        etag="e",
        size=100,
        target=f"run=r1/{folder}/{number:05d}-x.csv",
        dataset=None if problem else "books",
        problem=problem,
    )


def test_every_file_tells_where_it_went_and_those_with_a_problem_come_first() -> None:
    plan = Plan(
        run_id="r1", files=(_planned(0), _planned(1, folder="empty"), _planned(2, "the header lacks book_id"))
    )
    published = document_of(
        _execution(), _run("Succeeded", report={"datasets": {}}).events, Findings(plan=plan)
    )
    waiting = document_of(_execution("FAILED"), _run("Failed").events, Findings(plan=plan))
    assert [(file["key"], file["outcome"]) for file in published["files"]["listed"]] == [
        ("books/2.csv", "quarantined"),
        ("books/0.csv", "published"),
        ("books/1.csv", "empty"),
    ]
    assert [file["outcome"] for file in waiting["files"]["listed"]] == ["quarantined", "waiting", "empty"]


def test_files_that_the_run_did_not_take_are_counted_whether_or_not_the_plan_is_there() -> None:
    plan = Plan(run_id="r1", published=("a", "b"), left_for_later=3)
    summary = {"files": 0, "bytes": 0, "published_before": 2, "left_for_later": 3, "window": None}
    for findings in (Findings(plan=plan), Findings(known={"lease": {}, "plan": summary})):
        made = document_of(_execution(), _run("Succeeded").events, findings)
        VALIDATOR.validate(made)
        assert (made["files"]["published_before"], made["files"]["left_for_later"]) == (2, 3)


def test_ten_thousand_files_are_counted_and_a_thousand_are_listed() -> None:
    plan = Plan(run_id="r1", files=tuple(_planned(number) for number in range(10_000)))
    made = document_of(_execution(), _run("Succeeded").events, Findings(plan=plan))
    VALIDATOR.validate(made)
    assert (made["files"]["total"], made["files"]["bytes"]) == (10_000, 1_000_000)
    assert len(made["files"]["listed"]) == MOST_FILES
    assert len(json.dumps(made)) < 400_000


def _reject(key: str, rule: str, text: str) -> bytes:
    book = dataset_named("books")
    return json.dumps(
        {
            "run_id": "r1",
            "dataset": "books",
            "file": "s3://landing/books/a.csv",
            "record": 7,
            "violations": [{"column": "num_pages", "rule": rule, "value": text}],
            "row": {**dict.fromkeys(book.column_names), "book_id": key, "title": text},
            "raw": None,
        }
    ).encode()


def test_rejects_are_counted_by_rule_and_no_text_of_a_record_is_told() -> None:
    lines = [_reject(str(number), "number", "a secret") for number in range(12)]
    lines.append(_reject("<b>me</b>", "flag", "a secret"))
    found = rejects_of(lines, all_lines=True)
    assert [(each["rule"], each["rows"], len(each["examples"])) for each in found] == [
        ("flag", 1, 1),
        ("number", 12, 10),
    ]
    assert found[0]["examples"] == [{"file": "a.csv", "record": 7, "key": None}]
    assert found[1]["examples"][3]["key"] == "3"
    assert [each["columns"] for each in found] == [["num_pages"], ["num_pages"]]
    assert "secret" not in json.dumps(found)


def test_the_key_of_a_person_or_of_a_review_is_in_no_example() -> None:
    user = json.loads(_reject("1", "type", "x")) | {"dataset": "users", "row": {"user_id": "17"}}
    (found,) = rejects_of([json.dumps(user).encode()], all_lines=True)
    assert found["examples"] == [{"file": "a.csv", "record": 7, "key": None}]


def test_of_too_many_rejects_the_number_by_rule_is_not_known() -> None:
    (found,) = rejects_of([_reject("1", "number", "x")], all_lines=False)
    assert found["rows"] is None


def test_the_cost_is_the_sum_of_parts_that_say_which_of_them_are_estimates() -> None:
    made = document_of(_execution(), _run("Succeeded").events, Findings(resources=RESOURCES))
    parts = {(part["service"], part["what"].split()[0]): part for part in made["cost"]["parts"]}
    assert parts["Step Functions", "state"]["quantity"] == 2
    assert parts["Step Functions", "state"]["usd"] == pytest.approx(2 * 0.000025)
    assert parts["Lambda", "compute"]["quantity"] == pytest.approx(2.0)
    assert parts["Lambda", "compute"]["usd"] == pytest.approx(2 * 0.0000133334)
    assert made["cost"]["usd"] == pytest.approx(sum(part["usd"] or 0 for part in made["cost"]["parts"]))
    assert {part["service"] for part in made["cost"]["parts"] if part["estimate"]} == {
        "Lambda",
        "EMR",
        "Redshift",
    }


def test_in_a_region_whose_prices_are_not_in_the_table_the_cost_is_not_known() -> None:
    made = document_of(_execution(region="mars-1"), _run("Succeeded").events, Findings(resources=RESOURCES))
    VALIDATOR.validate(made)
    assert (made["cost"]["usd"], made["cost"]["prices"]) == (None, None)
    assert made["cost"]["parts"][0]["quantity"] == 2


def test_a_node_type_without_a_price_leaves_its_part_out_of_the_sum() -> None:
    resources = Resources(emr_type="z9.huge", emr_count=3)
    made = document_of(_execution(), _run("Succeeded").events, Findings(resources=resources))
    usd = {part["service"]: part["usd"] for part in made["cost"]["parts"]}
    assert usd["EMR"] is None
    assert made["cost"]["usd"] is not None


CURRENT = {"start": "2020-02-01 00:00:00", "end": "2020-03-01 00:00:00"}
PAST = {"start": "2019-02-01 00:00:00", "end": "2019-03-01 00:00:00"}


@pytest.mark.parametrize(
    ("data", "shown", "is_past"),
    [
        ({}, PAST, True),  # nothing is read yet: it was asked for
        (
            {"analytics": {"statement": "a"}},
            CURRENT,
            False,
        ),  # the tables that the document has are the current ones
        ({"analytics": {"statement": "a"}, "past_analytics": {"statement": "b"}}, PAST, True),
    ],
)
def test_the_window_is_that_of_the_tables_of_the_document(
    data: dict[str, Any], shown: dict[str, str], is_past: bool
) -> None:
    history = _run("Failed", **data)
    history.leave("AnythingToDo?", lease={}, plan={**SUMMARY, "window": {**CURRENT, "past": PAST}}, **data)
    window = document_of(_execution("FAILED"), history.events, Findings())["window"]
    assert window == {
        "start": f"{shown['start'][:10]}T00:00:00.000Z",
        "end": f"{shown['end'][:10]}T00:00:00.000Z",
        "past": is_past,
    }


@pytest.mark.parametrize("data", [{"analytics": {"statement": "a"}}, {"report": {"window": CURRENT}}])
def test_a_window_that_is_no_past_one_is_the_current_one(data: dict[str, Any]) -> None:
    window = document_of(_execution(), _run("Succeeded", **data).events, Findings())["window"]
    assert window == {
        "start": "2020-02-01T00:00:00.000Z",
        "end": "2020-03-01T00:00:00.000Z",
        "past": False,
    }


@pytest.mark.parametrize("ending", ["Succeeded", "NothingToDo"])
def test_a_run_that_has_analysed_nothing_has_no_window(ending: str) -> None:
    assert document_of(_execution(), _run(ending).events, Findings())["window"] is None


def failed_in_a_function() -> History:
    history = History()
    history.enter("PlanCopies", lease={})
    history.call("goodreads-plan-copies", error="Slow")
    history.call("goodreads-plan-copies")
    history.leave("PlanCopies", lease={}, plan=SUMMARY)
    history.enter("CompareCatalog", lease={}, plan=SUMMARY)
    history.call("goodreads-compare-catalog", error="CatalogError")
    history.enter(
        "Failed", "Fail", lease={}, plan=SUMMARY, failure={"Error": "CatalogError", "Cause": "other"}
    )
    return history


def test_on_aws_a_failed_run_links_its_log_and_that_of_the_function_that_failed() -> None:
    arn = ARN.replace(ACCOUNT, "111122223333")
    execution = replace(_execution("FAILED"), arn=arn)
    made = document_of(execution, failed_in_a_function().events, Findings())
    VALIDATOR.validate(made)
    home = "https://us-east-1.console.aws.amazon.com"
    assert [link["href"] for link in made["links"]] == [
        f"{home}/states/home?region=us-east-1#/v2/executions/details/{arn}",
        f"{home}/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/$252Faws$252Fvendedlogs$252Fstates$252Fgoodreads",
        f"{home}/lambda/home?region=us-east-1#/functions/goodreads-compare-catalog?tab=monitoring",
    ]
    assert made["failure"]
    assert made["failure"]["log"] is None


def test_on_one_machine_no_console_is_linked_and_the_functions_log_is_a_file() -> None:
    assert EXAMPLE_ACCOUNT == ACCOUNT
    made = document_of(_execution("FAILED"), failed_in_a_function().events, Findings())
    assert made["links"] == []
    assert made["failure"]
    assert made["failure"]["log"] == "logs/lambda-goodreads-compare-catalog.log in the state folder"


def test_the_cause_of_a_step_that_failed_names_its_log() -> None:
    details = {"Message": "no space", "LogFile": "s3://logs/emr/s-1"}
    cause = json.dumps({"Step": {"Status": {"FailureDetails": details}}})
    assert readable_cause(cause) == "no space (log: s3://logs/emr/s-1)"
    assert readable_cause("plain words") == "plain words"


def test_an_error_without_a_section_of_its_own_leads_to_that_about_failed_runs() -> None:
    page = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    errors = page.partition("## Errors")[2].partition("\n## ")[0]
    titles = set(re.findall(r"^### (.+)$", errors, re.MULTILINE))
    assert titles == {*ERRORS, "RedshiftData errors"}
    anchors = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }
    expected = {
        "Operator": "runfailed",
        "TIMED_OUT": "runfailed",
        "RedshiftData.ThrottlingException": "redshiftdata-errors",
        **{error: error.lower().replace(".", "") for error in ERRORS},
    }
    for error, anchor in expected.items():
        made = document_of(_execution("ABORTED", error=error), [], Findings())
        assert made["failure"] is not None
        assert made["failure"]["runbook"] == f"docs/runbook.md#{anchor}"
        assert anchor in anchors


@pytest.mark.parametrize("own", [{}, {"books": COUNTS}])
def test_rows_of_an_earlier_run_are_in_no_number_of_the_run_that_made_up_for_it(
    own: dict[str, dict[str, int]],
) -> None:
    report = {"datasets": own, "made_up_for": {"r0": {"books": COUNTS, "users": COUNTS}}}
    made = document_of(_execution(), _run("Succeeded", report=report).events, Findings())
    line = line_of(made)
    read, refused = (10, 2) if own else (0, 0)
    assert made["throughput"]["rows"] == read
    assert made["throughput"]["rows_per_second"] == (read / 20 or None)
    assert (line["rows"], line["refused"], line["made_up_for"]) == (read, refused, ["r0"])
    publisher = "r1" if own else "r0"
    assert f"Data was last published by {publisher}." in index_page("goodreads", [line])
