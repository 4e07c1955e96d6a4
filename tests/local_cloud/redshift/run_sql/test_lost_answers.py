"""Requests and answers that get lost or are refused on the way: a statement runs once, or not at all."""

from itertools import repeat

import pytest

from tests.local_cloud.redshift.run_sql.conftest import Entries, Pauses
from tests.local_cloud.redshift.run_sql.executions import Runner
from tests.local_cloud.redshift.run_sql.faulty_engine import (
    Fault,
    FaultyEngine,
    answer_lost,
    connection_cut,
    refused,
)

INSERT = "insert into entries values ('first')"
SUBMISSIONS = [("execute_statement", INSERT), ("batch_execute_statement", [INSERT, INSERT])]
REFUSALS = {
    # the service's model does not name this one, so its error has the service's name
    "ThrottlingException": "RedshiftData.RedshiftDataException",
    "ActiveStatementsExceededException": "RedshiftData.ActiveStatementsExceededException",
    "InternalServerException": "RedshiftData.InternalServerException",
}
SOON = [2, 4, 8, 16]
PAUSES = {
    "ThrottlingException": SOON,
    "ActiveStatementsExceededException": [15, 30, 60, 120, 120, 120, 120, 120],  # others have to end first
    "InternalServerException": SOON,
}
"""The longest pauses before the tries after the first one, in seconds."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", [answer_lost, connection_cut])
@pytest.mark.parametrize(("operation", "sql"), SUBMISSIONS)
def test_a_submission_whose_answer_is_lost_is_sent_again_and_runs_once(
    runner: Runner, faulty: FaultyEngine, entries: Entries, fault: Fault, operation: str, sql: str | list[str]
) -> None:
    faulty.script(operation, [fault, fault])
    assert runner.run(sql).status == "SUCCEEDED"
    first, *more = faulty.requests[operation]
    assert more == [first, first]
    assert len(first["ClientToken"]) == 64
    assert entries() == ["first"] * (1 if isinstance(sql, str) else 2)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [answer_lost, connection_cut])
def test_a_look_at_a_statement_that_gets_no_answer_is_repeated(
    runner: Runner, faulty: FaultyEngine, entries: Entries, fault: Fault
) -> None:
    faulty.script("describe_statement", repeat(fault, 4))
    assert runner.run([INSERT]).status == "SUCCEEDED"
    assert len(faulty.requests["describe_statement"]) == 5
    assert len(faulty.requests["batch_execute_statement"]) == 1
    assert entries() == ["first"]


@pytest.mark.slow
@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize(("operation", "sql"), SUBMISSIONS)
def test_a_submission_is_tried_again_for_as_long_as_the_refusal_may_last(
    runner: Runner,
    faulty: FaultyEngine,
    pauses: Pauses,
    entries: Entries,
    code: str,
    operation: str,
    sql: str | list[str],
) -> None:
    faulty.script(operation, repeat(refused(code), len(PAUSES[code])))
    assert runner.run(sql).status == "SUCCEEDED"
    assert len(faulty.requests[operation]) == 1 + len(PAUSES[code])
    for pause, longest in zip(pauses.before_retries, PAUSES[code], strict=True):
        assert 0 <= pause <= longest
    assert entries() == ["first"] * (1 if isinstance(sql, str) else 2)


@pytest.mark.slow
@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize(("operation", "sql"), SUBMISSIONS)
def test_a_submission_refused_for_ever_fails_with_that_error_and_has_done_nothing(
    runner: Runner, faulty: FaultyEngine, entries: Entries, code: str, operation: str, sql: str | list[str]
) -> None:
    faulty.script(operation, repeat(refused(code)))
    ended = runner.run(sql)
    assert (ended.status, ended.error) == ("FAILED", REFUSALS[code])
    assert ended.cause is not None
    assert ended.cause.startswith(f"refused with {code} (Service: RedshiftData")
    assert len(faulty.requests[operation]) == 1 + len(PAUSES[code])
    assert faulty.requests["describe_statement"] == []
    assert entries() == []


@pytest.mark.slow
def test_a_malformed_submission_is_not_tried_again(runner: Runner, faulty: FaultyEngine) -> None:
    faulty.script("execute_statement", repeat(refused("ValidationException")))
    assert runner.run(INSERT).error == "RedshiftData.ValidationException"
    assert len(faulty.requests["execute_statement"]) == 1


@pytest.mark.slow
def test_a_statement_that_nobody_may_look_at_fails_though_it_goes_on(
    runner: Runner, faulty: FaultyEngine, entries: Entries
) -> None:
    faulty.script("describe_statement", repeat(refused("ThrottlingException")))
    ended = runner.run([INSERT])
    assert (ended.status, ended.error) == ("FAILED", "RedshiftData.RedshiftDataException")
    assert len(faulty.requests["describe_statement"]) == 5
    assert faulty.final_status() == "FINISHED"
    assert entries() == ["first"]  # the next run finds it published
