"""Statements that take too long: cancelled and undone, unless they finish before the cancellation."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat

import pytest

from local_cloud.redshift import RedshiftEngine
from stacks.settings.polling import Polling
from tests.local_cloud.redshift.run_sql.conftest import Entries, Pauses
from tests.local_cloud.redshift.run_sql.executions import ENDLESS, Ended, Runner
from tests.local_cloud.redshift.run_sql.faulty_engine import (
    Fault,
    FaultyEngine,
    Message,
    Operation,
    answer_lost,
    connection_cut,
    once_ended,
    pretended,
    refused,
    says,
)
from tests.local_cloud.waiting import PATIENCE

INSERT = "insert into entries values ('first')"
HELD = [INSERT, "select pass_gate(1)"]
TWO_SECONDS = Polling(step_seconds=1, timeout_seconds=2)
TIMED_OUT = ("FAILED", "Redshift.StatementTimedOut", "Statement took longer than 2 s and was cancelled")
GOES_ON = (
    "FAILED",
    "Redshift.StatementTimedOut",
    "Statement took longer than 2 s and still runs although it was to be cancelled",
)


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_cloud.redshift.data_api._LONG_POLL", 0.05)


@pytest.fixture
def gate(sql_function: Callable[[str, Callable[[], object]], None]) -> Iterator[threading.Event]:
    """HELD runs until this is set."""
    gate = threading.Event()
    sql_function("pass_gate", partial(gate.wait, PATIENCE))
    yield gate
    gate.set()


def _refusals(ended: Ended) -> list[str]:
    details = [event.get("taskFailedEventDetails") for event in ended.events]
    return [str(detail["error"]) for detail in details if detail]


def _too_late(gate: threading.Event, engine: RedshiftEngine) -> Fault:
    """HELD ends just before the request arrives."""

    def end_first(operation: Operation, request: Message) -> Message:
        gate.set()
        once_ended(engine.describe_statement, request)
        return operation(request)

    return end_first


def _ended_unseen(describe: Operation, request: Message) -> Message:
    return {**once_ended(describe, request), "Status": "STARTED"}


@pytest.mark.slow
def test_a_statement_without_end_is_cancelled_and_its_transaction_undone(
    runner: Runner, faulty: FaultyEngine, engine: RedshiftEngine, entries: Entries, pauses: Pauses
) -> None:
    ended = runner.run([INSERT, ENDLESS], polling=TWO_SECONDS)
    assert ended.failure == TIMED_OUT
    assert pauses.in_waits == [1, 2]
    assert len(faulty.requests["batch_execute_statement"]) == len(faulty.requests["cancel_statement"]) == 1
    assert engine.list_statements({"Status": "STARTED"})["Statements"] == []
    assert faulty.final_status() == "ABORTED"
    assert entries() == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", [answer_lost, connection_cut])
def test_a_cancellation_whose_answer_is_lost_has_cancelled(
    runner: Runner,
    faulty: FaultyEngine,
    entries: Entries,
    pauses: Pauses,
    fault: Fault,
) -> None:
    faulty.script("cancel_statement", [fault])
    ended = runner.run([INSERT, ENDLESS], polling=TWO_SECONDS)
    assert ended.failure == TIMED_OUT
    assert len(faulty.requests["cancel_statement"]) == 2  # the second is refused: it has ended
    assert len(pauses.before_retries) == 1
    assert faulty.final_status() == "ABORTED"
    assert entries() == []


@pytest.mark.slow
def test_a_statement_that_finishes_between_the_last_look_and_the_cancellation_is_a_success(
    runner: Runner, faulty: FaultyEngine, engine: RedshiftEngine, entries: Entries, gate: threading.Event
) -> None:
    faulty.script("cancel_statement", [_too_late(gate, engine)])
    ended = runner.run(HELD, polling=TWO_SECONDS)
    assert _refusals(ended) == ["RedshiftData.ValidationException"]
    assert ended.status == "SUCCEEDED"
    assert set(ended.output["ran"]) == {"statement"}
    assert entries() == ["first"]


@pytest.mark.slow
def test_a_statement_that_fails_between_the_last_look_and_the_cancellation_fails_in_redshifts_words(
    runner: Runner, faulty: FaultyEngine, engine: RedshiftEngine, entries: Entries, gate: threading.Event
) -> None:
    faulty.script("cancel_statement", [_too_late(gate, engine)])
    assert runner.run([*HELD, "delete from nowhere"], polling=TWO_SECONDS).failure == (
        "FAILED",
        "Redshift.StatementFailed",
        'Query #3 failed with ERROR: relation "nowhere" does not exist',
    )
    assert entries() == []


@pytest.mark.slow
def test_a_statement_that_finishes_although_its_cancellation_was_accepted_is_a_success(
    runner: Runner,
    faulty: FaultyEngine,
    engine: RedshiftEngine,
    entries: Entries,
    gate: threading.Event,
    pauses: Pauses,
) -> None:
    faulty.script("cancel_statement", [pretended(Status=True)])
    faulty.script("describe_statement", [*repeat(says(), 4), _too_late(gate, engine)])
    assert runner.run(HELD, polling=TWO_SECONDS).status == "SUCCEEDED"
    assert pauses.in_waits == [1, 2, 1]
    assert entries() == ["first"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", [pretended(Status=True), refused("InternalServerException")], ids=["ignored", "refused"]
)
def test_a_statement_that_cannot_be_cancelled_times_out_and_the_cause_says_that_it_goes_on(
    runner: Runner,
    faulty: FaultyEngine,
    entries: Entries,
    gate: threading.Event,
    pauses: Pauses,
    fault: Fault,
) -> None:
    faulty.script("cancel_statement", repeat(fault))
    assert runner.run(HELD, polling=TWO_SECONDS).failure == GOES_ON
    assert pauses.in_waits == [1, 2, 1, 2, 3]
    assert entries() == []
    gate.set()
    assert faulty.final_status() == "FINISHED"
    assert entries() == ["first"]  # the next run finds it published


@pytest.mark.slow
def test_a_statement_that_is_said_to_run_for_ever_is_not_watched_for_ever(
    runner: Runner, faulty: FaultyEngine, entries: Entries, pauses: Pauses
) -> None:
    faulty.script("describe_statement", [_ended_unseen, *repeat(says(Status="STARTED"), 20)])
    assert runner.run([INSERT], polling=TWO_SECONDS).failure == GOES_ON
    assert pauses.in_waits == [1, 2, 1, 2, 3]
    assert len(faulty.requests["cancel_statement"]) == 1
    assert entries() == ["first"]
