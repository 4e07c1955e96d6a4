"""Every way in which Redshift ends a statement, and what the execution says then."""

from datetime import timedelta
from itertools import repeat
from typing import Any

import pytest

from local_cloud.redshift import RedshiftEngine
from tests.local_cloud.redshift.run_sql.conftest import Entries, Pauses
from tests.local_cloud.redshift.run_sql.executions import ENDLESS, Runner
from tests.local_cloud.redshift.run_sql.faulty_engine import FaultyEngine, after, says

INSERT = "insert into entries values ('first')"


@pytest.mark.slow
def test_a_batch_runs_under_the_name_of_the_execution(
    runner: Runner, faulty: FaultyEngine, entries: Entries
) -> None:
    ended = runner.run([INSERT, "insert into entries values ('{}')"])
    assert ended.status == "SUCCEEDED"
    (request,) = faulty.requests["batch_execute_statement"]
    assert request["StatementName"] == "Statement"
    assert entries() == ["first", ended.name]


@pytest.mark.slow
def test_a_statement_that_finishes_without_rows_leaves_its_id(
    runner: Runner, engine: RedshiftEngine, entries: Entries
) -> None:
    ended = runner.run("insert into entries values (:entry)", parameters={"entry": "$.entry"}, entry="it's")
    assert ended.output["entry"] == "it's"
    described = engine.describe_statement({"Id": ended.output["ran"]["statement"]})
    assert (described["Status"], described["HasResultSet"]) == ("FINISHED", False)
    assert entries() == ["it's"]


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_statement_fails_the_batch_in_redshifts_words_and_undoes_it(
    runner: Runner, faulty: FaultyEngine, entries: Entries, place: int
) -> None:
    batch = [INSERT, INSERT]
    batch.insert(place, "delete from nowhere")
    assert runner.run(batch).failure == (
        "FAILED",
        "Redshift.StatementFailed",
        f'Query #{place + 1} failed with ERROR: relation "nowhere" does not exist',
    )
    assert len(faulty.requests["batch_execute_statement"]) == 1
    assert entries() == []


def test_a_bad_single_statement_fails_in_redshifts_words(runner: Runner, entries: Entries) -> None:
    ended = runner.run("insert into entries select cast('abc' as integer)")
    assert (ended.status, ended.error) == ("FAILED", "Redshift.StatementFailed")
    assert ended.cause is not None
    assert ended.cause.startswith("ERROR: ")
    assert "'abc'" in ended.cause
    assert entries() == []


def test_a_failure_without_a_reason_says_so(runner: Runner, faulty: FaultyEngine, entries: Entries) -> None:
    faulty.script("describe_statement", repeat(says(Error=None)))
    assert runner.run([INSERT, "delete from nowhere"]).failure == (
        "FAILED",
        "Redshift.StatementFailed",
        "Redshift gave no reason why Statement failed",
    )
    assert entries() == []


@pytest.mark.slow
def test_a_statement_that_somebody_cancels_is_aborted_and_not_repeated(
    runner: Runner,
    faulty: FaultyEngine,
    engine: RedshiftEngine,
    entries: Entries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("local_cloud.redshift.data_api._LONG_POLL", 0.1)

    def cancel_it() -> None:
        every = engine.list_statements({"Status": "ALL", "StatementName": "Statement"})["Statements"]
        newest = every[0]["Id"]
        while engine.describe_statement({"Id": newest})["SubStatements"][0]["Status"] != "FINISHED":
            pass  # DescribeStatement itself waits
        engine.cancel_statement({"Id": newest})

    faulty.script("describe_statement", [says(), after(cancel_it)])
    assert runner.run([INSERT, ENDLESS]).failure == (
        "FAILED",
        "Redshift.StatementAborted",
        "somebody cancelled Statement in Redshift",
    )
    assert len(faulty.requests["batch_execute_statement"]) == 1
    assert entries() == []


@pytest.mark.slow
def test_a_statement_is_watched_through_every_status_before_its_end(
    runner: Runner, faulty: FaultyEngine, pauses: Pauses, entries: Entries
) -> None:
    early = ["SUBMITTED", "PICKED", "STARTED", "STARTED"]
    faulty.script("describe_statement", [says(Status=status) for status in early])
    assert runner.run([INSERT]).status == "SUCCEEDED"
    assert pauses.in_waits == [1, 2, 3, 4]
    assert len(faulty.requests["describe_statement"]) == 5
    assert entries() == ["first"]


def test_a_statement_that_redshift_has_forgotten_is_not_waited_for(
    runner: Runner,
    faulty: FaultyEngine,
    session: Any,
    entries: Entries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forget() -> None:
        assert faulty.final_status() == "FINISHED"  # nothing is forgotten before its end
        monkeypatch.setattr("local_cloud.redshift.data_api._REMEMBERED", timedelta(0))
        session.run("select 1")

    faulty.script("describe_statement", [says(Status="STARTED"), after(forget)])
    ended = runner.run([INSERT])
    assert (ended.status, ended.error) == ("FAILED", "RedshiftData.ResourceNotFoundException")
    assert ended.cause is not None
    assert ended.cause.startswith("Query does not exist. (Service: RedshiftData, Status Code: 400")
    assert len(faulty.requests["describe_statement"]) == 6
    monkeypatch.setattr("local_cloud.redshift.data_api._REMEMBERED", timedelta(hours=24))
    assert entries() == ["first"]  # it had finished before: the next run finds it published
