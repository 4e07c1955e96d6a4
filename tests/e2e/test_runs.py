"""What a run does with what has landed: once, in order or not, good or bad, undisturbed or not."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from catalog import REVIEWS, USERS
from contract.checks import STAGES
from faker_tool.generate import generate
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.cloudwatch import AlarmWatch, clusters_seen
from local_cloud.mailbox import Mailbox
from sql.rankings import CURRENT, TABLES, Table
from tests.crash.faults import Fault, Faults, interpreter_with, once_entered
from tests.e2e.permissions import new_calls
from tests.e2e.pipeline import FEBRUARY_2020, Pipeline, Run
from tests.e2e.records import EVENING, MORNING, NOON, author, csv_file
from tests.local_cloud.roles import attached, role

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pipeline(warm_pipeline: Pipeline) -> Pipeline:
    return warm_pipeline


def names(pipeline: Pipeline, *ids: int) -> dict[int, str]:
    listed = ", ".join(map(str, ids))
    rows = pipeline.query(
        f"select author_id, name from goodreads_warehouse.authors where author_id in ({listed})"
    )
    return {row[0]: row[1] for row in rows}


@pytest.fixture(autouse=True)
def _starts_from_an_empty_landing_zone(pipeline: Pipeline) -> None:
    assert pipeline.landed() == []


def test_every_made_up_row_is_accounted_for(pipeline: Pipeline, tmp_path: Path) -> None:
    made = generate(tmp_path, size=None, records=400, seed=7)
    pipeline.land_folder(tmp_path)

    run = pipeline.run({})

    assert run.final_state == "Succeeded"
    for dataset in made.datasets:
        rows = run.report["datasets"][dataset.dataset]
        assert rows["rows_read"] == dataset.records
        assert rows["rows_inserted"] == dataset.distinct_keys
        assert rows["rows_read"] == sum(rows.values()) - rows["rows_read"]
    ledger = pipeline.query(
        f"select dataset, rows_read from goodreads_warehouse.ledger where run_id = '{run.report['run_id']}'"
    )
    assert sorted(ledger) == [(dataset, 400) for dataset in ("authors", "books", "reviews", "users")]
    own = "GoodreadsPipeline/goodreads"
    assert _sum_since(run, own, "RowsRead", service="report_run") == 1600
    assert _sum_since(run, own, "FilesLeftForLater", service="plan_copies") == 0
    document = pipeline.document(run)
    assert document["outcome"] == "succeeded"
    assert {rows["dataset"]: rows["inserted"] for rows in document["datasets"]} == {
        dataset.dataset: dataset.distinct_keys for dataset in made.datasets
    }
    assert [(file["outcome"], file["rows"]) for file in document["files"]["listed"]] == [
        ("published", 400)
    ] * 4
    assert document["permissions"] == {"refused": []}
    assert document["throughput"]["rows"] == 1600
    assert {told["table"]: told["rows"] for told in document["analytics"]} == {
        table.name: _first_rows(pipeline, table) for table in TABLES if USERS.key not in table.definitions
    }
    assert document["cost"]["usd"] > 0
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:goodreads"
    assert _sum_since(run, "AWS/States", "ExecutionsSucceeded", StateMachineArn=machine) == 1


def _first_rows(pipeline: Pipeline, table: Table) -> list[list[Any]]:
    """What a query says of the rows that a report tells. The Data API gives decimals as texts."""
    columns = table.told_columns
    rows = pipeline.query(
        f"select {', '.join(column.name for column in columns)} from {CURRENT}.{table.name} order by {table.order} limit {table.told}"
    )
    return [
        [
            float(value) if column.kind == "number" and value is not None else value
            for column, value in zip(columns, row, strict=True)
        ]
        for row in rows
    ]


def _sum_since(run: Run, namespace: str, name: str, **dimensions: str) -> float:
    """What CloudWatch has of a metric since the run began."""
    (point,) = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=run.execution.started,
        EndTime=run.execution.started + timedelta(hours=12),
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(point["Sum"])


def test_with_nothing_in_landing_no_step_and_no_statement_runs(pipeline: Pipeline) -> None:
    run = pipeline.run({})

    assert run.final_state == "NothingToDo"
    assert set(run.states) == {
        "AcquireLease",
        "PlanCopies",
        "AnythingToDo?",
        "ReleaseIdleLease",
        "WriteReportOfIdleRun",
        "NothingToDo",
    }
    document = pipeline.document(run)
    assert (document["outcome"], document["window"]) == ("nothing_to_do", None)


def test_a_window_that_is_asked_for_is_analysed_though_nothing_has_landed(pipeline: Pipeline) -> None:
    asked = {"window_start": "2020-02-19", "window_end": "2020-02-20"}

    run = pipeline.run(asked)

    assert run.final_state == "Succeeded"
    assert not {"MatchLedger", "TransformToProcessed", "PublishWarehouse"} & set(run.states)
    assert run.report["window"]["past"] == {"start": "2020-02-19 00:00:00", "end": "2020-02-20 00:00:00"}
    covered = pipeline.query(
        "select cast(window_start as date), cast(window_end as date) from goodreads_past.review_window"
    )
    assert [tuple(map(str, row)) for row in covered] == [("2020-02-19", "2020-02-20")]
    document = pipeline.document(run)
    assert (document["outcome"], document["window"]["past"], document["files"]["total"]) == (
        "succeeded",
        True,
        0,
    )
    assert document["analytics"]


def test_it_is_analysed_after_files_that_hold_no_rows(pipeline: Pipeline) -> None:
    pipeline.land("books/empty.csv", b"")
    asked = {"window_start": "2020-02-18", "window_end": "2020-02-19"}

    run = pipeline.run(asked)

    assert run.states.count("PlanCopies") == run.states.count("CheckAnalytics") == 1
    assert {"AcknowledgeFilesWithoutRows", "CheckPastAnalytics"} <= set(run.states)
    assert run.report["window"]["past"]["start"] == "2020-02-18 00:00:00"
    assert pipeline.landed() == []


def test_a_report_that_cannot_be_written_changes_nothing_about_how_the_run_ends(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    reports = pipeline.bucket("reports")
    reports.rename(tmp_path / "away")
    try:
        run = pipeline.run({})
    finally:
        (tmp_path / "away").rename(reports)

    assert run.final_state == "NothingToDo"
    assert "WriteReportOfIdleRun" in run.states
    assert not pipeline.folder_of(run, "reports").exists()


def test_a_late_record_never_overwrites_a_newer_one(pipeline: Pipeline) -> None:
    """The original upserts whatever comes last, so an older batch overwrites newer rows."""
    pipeline.land("authors/evening.csv", csv_file([author(9_000_001, "evening", EVENING)]))
    pipeline.run()
    pipeline.land(
        "authors/late.csv", csv_file([author(9_000_001, "morning", MORNING), author(9_000_001, "noon", NOON)])
    )

    late = pipeline.run()

    assert names(pipeline, 9_000_001) == {9_000_001: "evening"}
    assert late.report["datasets"]["authors"]["rows_stale"] == 2


def test_a_run_with_rejects_publishes_the_rest_and_says_why_rows_are_missing(pipeline: Pipeline) -> None:
    pipeline.land(
        "author.csv",
        csv_file(
            [
                author(9_000_012, "fine", NOON),
                author(9_000_010, 'good, with "quotes"\nand a line', NOON, average_rating="4.5"),
                author(9_000_011, "too good", NOON, average_rating="9.5"),
                author("nobody", "no number", NOON),
            ]
        ),
    )
    pipeline.land("readme.txt", b"hello")
    pipeline.land("user.csv", b"")

    run = pipeline.run()

    assert run.final_state == "SucceededWithRejects"
    assert names(pipeline, 9_000_010, 9_000_011) == {9_000_010: 'good, with "quotes" and a line'}
    assert run.report["datasets"]["authors"]["rows_quarantined"] == 2
    assert run.report["notes"][1] == "user.csv: holds nothing"
    quarantine = pipeline.folder_of(run, "quarantine")
    lines = [
        json.loads(line)
        for path in quarantine.glob("authors/*.json")
        for line in path.read_text().splitlines()
    ]
    found = {
        (line["record"], v["column"], v["rule"], v["value"]) for line in lines for v in line["violations"]
    }
    assert found == {(3, "average_rating", "range", "9.5"), (4, "author_id", "type", "nobody")}
    files = {path.name.partition("-")[2]: path.read_bytes() for path in quarantine.glob("files/*")}
    assert files["readme.txt"] == b"hello"
    assert "names no known dataset" in json.loads(files["readme.txt.reason.json"])["problem"]
    assert pipeline.landed() == []
    document = pipeline.document(run)
    assert document["outcome"] == "succeeded_with_rejects"
    assert [(each["rule"], each["rows"]) for each in document["rejects"]] == [("range", 1), ("type", 1)]
    assert sorted(file["outcome"] for file in document["files"]["listed"]) == [
        "empty",
        "published",
        "quarantined",
    ]
    assert "too good" not in json.dumps(document)


@pytest.mark.parametrize(("key", "is_read"), [("unknown/broken.csv", False), ("reviews/broken.csv", True)])
def test_unusable_files_alone_need_spark_only_if_their_names_can_be_used(
    pipeline: Pipeline, key: str, is_read: bool
) -> None:
    pipeline.land(key, b"review_id,user_id\n1,2\n")
    pipeline.land("._reviews.csv", b"\x00\x05\x16\x07 of macOS")

    run = pipeline.run()

    assert run.final_state == "SucceededWithRejects"
    assert ("TransformToProcessed" in run.states) == is_read
    assert list(pipeline.folder_of(run, "quarantine").glob("files/*broken.csv"))
    assert pipeline.landed() == []


def test_a_file_that_is_overwritten_during_the_run_waits_for_the_next(pipeline: Pipeline) -> None:
    pipeline.land("author.csv", csv_file([author(9_000_020, "first", MORNING)]))
    again = csv_file([author(9_000_020, "second", EVENING)])
    fault = Fault(once_entered, "TransformToProcessed", lambda _: pipeline.land("author.csv", again))
    faults = Faults()
    with interpreter_with(faults), faults.armed(fault):
        assert pipeline.run().final_state == "Succeeded"
    assert fault.struck
    assert names(pipeline, 9_000_020) == {9_000_020: "first"}
    assert pipeline.landed() == ["author.csv"]

    assert pipeline.run().final_state == "Succeeded"
    assert names(pipeline, 9_000_020) == {9_000_020: "second"}


def test_a_run_aborted_in_the_spark_step_loses_nothing(pipeline: Pipeline) -> None:
    pipeline.land("author.csv", csv_file([author(9_000_040, "patient", NOON)]))

    name = pipeline.stop_in_the_step()

    assert pipeline.landed() == ["author.csv"]
    document = pipeline.document_of_stopped(name)
    assert document["outcome"] == "failed"
    assert (document["failure"]["error"], document["failure"]["cause"]) == ("ABORTED", "a test")
    assert "Nothing of this run was published" in document["failure"]["safe"]
    assert json.loads(document["input"]["text"]) == FEBRUARY_2020
    assert [(file["key"], file["outcome"]) for file in document["files"]["listed"]] == [
        ("author.csv", "waiting")
    ]
    states = {state["name"]: state["status"] for state in document["states"]}
    assert (states["CopyToWorking"], states["TransformToProcessed"]) == ("succeeded", "aborted")
    after = pipeline.run()
    assert "TakeOverLease" in after.states
    assert after.final_state == "Succeeded"
    assert names(pipeline, 9_000_040) == {9_000_040: "patient"}


def test_a_run_that_takes_too_long_loses_nothing_and_has_a_page(pipeline: Pipeline) -> None:
    pipeline.land("author.csv", csv_file([author(9_000_045, "late", NOON)]))

    document = pipeline.document_of_stopped(pipeline.time_out())

    assert (document["outcome"], document["failure"]["error"]) == ("failed", "TIMED_OUT")
    assert document["failure"]["runbook"] == "docs/runbook.md#runfailed"
    assert document["seconds"] >= 1
    assert pipeline.landed() == ["author.csv"]
    assert pipeline.run().final_state == "Succeeded"
    assert names(pipeline, 9_000_045) == {9_000_045: "late"}


def test_what_a_run_left_undone_after_its_publish_is_made_up_without_new_files(pipeline: Pipeline) -> None:
    pipeline.land("author.csv", csv_file([author(9_000_050, "published", NOON)]))

    dead = pipeline.stop_once_entered("ReadLedger")

    assert names(pipeline, 9_000_050) == {9_000_050: "published"}
    assert pipeline.landed() == ["author.csv"]
    document = pipeline.document_of_stopped(dead)
    assert (document["outcome"], document["failure"]["error"]) == ("failed", "ABORTED")
    assert "are published" in document["failure"]["safe"]
    assert [file["outcome"] for file in document["files"]["listed"]] == ["published"]
    after: Run = pipeline.run()
    assert after.final_state == "Succeeded"
    assert "CopyToWorking" not in after.states
    assert {"Analytics", "CheckAnalytics", "MarkCaughtUp", "DropPublished"} <= set(after.states)
    assert after.report["notes"] == [f"author.csv: published by run {dead}, not read again"]
    assert after.report["made_up_for"][dead]["authors"]["rows_read"] == 1
    assert pipeline.landed() == []
    assert pipeline.run({}).final_state == "NothingToDo"


def test_what_a_run_left_undone_is_made_up_also_while_the_new_files_keep_failing(pipeline: Pipeline) -> None:
    pipeline.land("author.csv", csv_file([author(9_000_060, "published", NOON)]))
    dead = pipeline.stop_once_entered("ReadLedger")
    pipeline.land("users/bad.csv", csv_file([{"user_id": "nobody"}], USERS))

    failed = pipeline.run()

    assert failed.execution.error == "DataQualityError"
    assert "users more_than_50_percent_rejected: 1" in failed.execution.reason
    assert failed.states.index("MarkCaughtUp") < failed.states.index("MatchLedger")
    assert pipeline.landed() == ["users/bad.csv"]
    review = {"review_id": "9000080", "record_create_timestamp": NOON}
    pipeline.land("reviews/february.csv", csv_file([review], REVIEWS))
    accepted = pipeline.run({**FEBRUARY_2020, "replace_current": False, "accept_rejects": True})
    assert accepted.final_state == "SucceededWithRejects"
    assert dead not in accepted.report["made_up_for"]
    assert pipeline.landed() == []
    _has_asked_for_the_past(pipeline, accepted)


def _has_asked_for_the_past(pipeline: Pipeline, run: Run) -> None:
    """The run has filled goodreads_past over the window that was asked for, and goodreads_analytics over its own."""
    past = run.report["window"]["past"]
    assert past == {"start": "2020-02-01 00:00:00", "end": "2020-03-01 00:00:00"}
    assert {"SetPastReviewWindow", "PastAnalytics", "CheckPastAnalytics"} <= set(run.states)
    document = pipeline.document(run)
    assert document["window"] == {
        "start": "2020-02-01T00:00:00.000Z",
        "end": "2020-03-01T00:00:00.000Z",
        "past": True,
    }
    for schema in ("goodreads_past", "goodreads_analytics"):
        stage = next(stage for stage, checked in STAGES.items() if checked == schema)
        assert {"best_books", "review_bursts"} <= {
            check["table"] for check in document["checks"] if check["stage"] == stage
        }
    (coverage,) = [table for table in document["analytics"] if table["table"] == "review_coverage"]
    told = dict(zip((column["name"] for column in coverage["columns"]), coverage["rows"][0], strict=True))
    covered = [
        pipeline.query(
            f"select cast(sum(counted.review_count) as bigint), count(distinct covered.window_end) from {schema}.rating_distribution as counted "
            f"cross join {schema}.review_window as covered where covered.window_end {then} cast('2020-03-01' as timestamp)"
        )
        for schema, then in (("goodreads_past", "="), ("goodreads_analytics", ">"))
    ]
    (asked_for,) = pipeline.query(
        "select count(*) from goodreads_warehouse.reviews "
        "where record_create_timestamp >= '2020-02-01' and record_create_timestamp < '2020-03-01'"
    )
    (own,) = pipeline.query(
        "select count(*) from goodreads_warehouse.reviews as reviews cross join goodreads_analytics.review_window as covered "
        "where reviews.record_create_timestamp >= covered.window_start and reviews.record_create_timestamp < covered.window_end"
    )
    assert told["review_count"] == asked_for[0] > 0
    assert covered == [[(asked_for[0], 1)], [(own[0], 1)]]


def test_the_ledger_lists_every_file_with_its_rows(pipeline: Pipeline) -> None:
    pipeline.land("authors/some.csv", csv_file([author(n, "x", NOON) for n in (9_000_070, 9_000_071, "bad")]))
    pipeline.land("authors/none.csv", csv_file([]))
    pipeline.land("users/empty.csv", b"")
    pipeline.land("notes.txt", b"hello")

    run = pipeline.run()

    found = pipeline.query(
        "select file_key, dataset, size_bytes, rows_read, rows_quarantined, problem is null "
        f"from goodreads_warehouse.ledger_files where run_id = '{run.report['run_id']}' order by file_key"
    )
    header = len(csv_file([]))
    assert found == [
        ("authors/none.csv", "authors", header, 0, 0, True),
        ("authors/some.csv", "authors", found[1][2], 3, 1, True),
        ("notes.txt", None, 5, 0, 0, False),
        ("users/empty.csv", "users", 0, 0, 0, True),
    ]


def test_the_warehouse_unloaded_as_csv_lands_again_as_duplicates_row_by_row(pipeline: Pipeline) -> None:
    before, counts = pipeline.warehouse(), pipeline.counts()
    assert min(counts.values()) > 0
    elsewhere = pipeline.bucket("processed")  # the way from the cluster to S3 leads to no landing zone
    unload = role("unload", "redshift.amazonaws.com")
    with attached(unload):
        for table in counts:
            pipeline.execute(
                f"unload ('select * from goodreads_warehouse.{table}') to 's3://{elsewhere.name}/{table}/' "
                f"iam_role '{unload}' header csv gzip"
            )
    for table in counts:
        name = f"{table}/0000_part_00.gz"
        pipeline.land(name, (elsewhere / name).read_bytes())
    assert pipeline.landed() == [f"{table}/0000_part_00.gz" for table in sorted(counts)]

    run = pipeline.run()

    assert run.final_state == "Succeeded"
    for table, count in counts.items():
        rows = run.report["datasets"][table]
        assert rows["rows_read"] == rows["rows_duplicate"] == count
    assert pipeline.warehouse() == before


def test_wrong_execution_input_fails_at_once_and_says_what_is_expected(pipeline: Pipeline) -> None:
    run = pipeline.run({"window_days": "many"})

    assert run.final_state == "Failed"
    assert run.execution.error == "InvalidExecutionInput"
    assert run.execution.reason.startswith("window_days is 'many', expected a whole number of days")
    failure = pipeline.document(run)["failure"]
    assert (failure["state"], failure["error"]) == ("PlanCopies", "InvalidExecutionInput")
    assert failure["cause"] == run.execution.reason
    _mailed_once(pipeline, run)


def _mailed_once(pipeline: Pipeline, run: Run) -> None:
    """The mail about the failed run lies in the mailbox, and says which run, why, and what to do."""
    (mail,) = [mail for mail in Mailbox(pipeline.folder.mail).mails() if run.execution.name in mail.text]
    assert mail.subject == "goodreads: a run has failed"
    assert str(mail.message["To"]) == "night@example.org"
    assert mail.text.startswith(
        f"A run of the pipeline goodreads has failed.\n\nRun:   {run.execution.name}\nError: InvalidExecutionInput\n"
    )
    assert f".venv/bin/pipeline history {run.execution.name} --name goodreads --aws\n" in mail.text
    assert "Cause, as it was told:\n" in mail.text
    assert "window_days is 'many', expected a whole number of days" in mail.text
    AlarmWatch(clusters_seen).tick(datetime.now(UTC) + timedelta(minutes=1))
    rang = [
        mail.subject for mail in Mailbox(pipeline.folder.mail).mails() if mail.subject.startswith("ALARM")
    ]
    assert rang.count('ALARM: "goodreads-RunFailed" in US East (N. Virginia)') == 1


def test_the_calls_of_the_roles_are_those_of_the_permissions_page(pipeline: Pipeline) -> None:
    assert new_calls(pipeline.folder) == set()
