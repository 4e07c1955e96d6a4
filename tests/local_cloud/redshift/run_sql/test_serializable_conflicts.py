"""Conflicts that really happen: another transaction changes the same rows in between."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.local_cloud.redshift.conftest import CLUSTER
from tests.local_cloud.redshift.run_sql.conftest import Entries, Pauses
from tests.local_cloud.redshift.run_sql.executions import Runner
from tests.local_cloud.redshift.run_sql.faulty_engine import FaultyEngine, answer_lost, says

Rivals = Callable[[int], None]
BATCH = [
    "insert into entries values ('first')",
    "select meet_rival(v) from balance",
    "update balance set v = v + 1 where k = 1",
]
CONFLICT = "Query #3 failed with ERROR: 1023 DETAIL: Serializable isolation violation on table - main.balance"


@pytest.fixture
def rivals(session: Any, sql_function: Callable[[str, Callable[[], object]], None]) -> Iterator[Rivals]:
    """So many next attempts of BATCH meet one that adds 100 to the row they are about to change, and commits."""
    session.run("create table balance (k int, v int)", "insert into balance values (1, 0)")
    coming = iter(range(0))

    def meet() -> None:
        if next(coming, None) is not None:
            session.run("update balance set v = v + 100 where k = 1")

    def expect(number: int) -> None:
        nonlocal coming
        coming = iter(range(number))

    sql_function("meet_rival", meet)
    yield expect
    session.run("drop table balance")


@pytest.mark.slow
@pytest.mark.parametrize("conflicts", [1, 4])
def test_a_batch_that_meets_rivals_is_repeated_until_it_is_alone_and_takes_effect_once(
    runner: Runner,
    faulty: FaultyEngine,
    session: Any,
    entries: Entries,
    rivals: Rivals,
    pauses: Pauses,
    conflicts: int,
) -> None:
    rivals(conflicts)
    assert runner.run(BATCH).status == "SUCCEEDED"
    tokens = [request["ClientToken"] for request in faulty.requests["batch_execute_statement"]]
    assert len(set(tokens)) == len(tokens) == conflicts + 1
    assert len(pauses.before_retries) == conflicts
    assert entries() == ["first"]
    assert session.value("v from balance") == 100 * conflicts + 1


@pytest.mark.slow
def test_each_attempt_keeps_its_own_token_when_its_answer_is_lost(
    runner: Runner, faulty: FaultyEngine, session: Any, entries: Entries, rivals: Rivals
) -> None:
    rivals(1)
    faulty.script("batch_execute_statement", [answer_lost, says(), answer_lost])
    assert runner.run(BATCH).status == "SUCCEEDED"
    one, one_again, two, two_again = [r["ClientToken"] for r in faulty.requests["batch_execute_statement"]]
    assert (one, two) == (one_again, two_again)
    assert one != two
    assert entries() == ["first"]
    assert session.value("v from balance") == 101


@pytest.mark.slow
def test_five_conflicts_in_a_row_end_the_execution_and_leave_nothing(
    runner: Runner, faulty: FaultyEngine, session: Any, entries: Entries, rivals: Rivals
) -> None:
    rivals(5)
    assert runner.run(BATCH).failure == ("FAILED", "Redshift.SerializableConflict", CONFLICT)
    assert len(faulty.requests["batch_execute_statement"]) == 5
    assert entries() == []
    assert session.value("v from balance") == 500


@pytest.mark.slow
def test_a_single_statement_that_meets_a_rival_is_repeated_too(
    runner: Runner, faulty: FaultyEngine, session: Any, rivals: Rivals
) -> None:
    rivals(1)
    ended = runner.run("update balance set v = v + 1 where meet_rival(k) = 1")
    assert ended.status == "SUCCEEDED"
    assert len(faulty.requests["execute_statement"]) == 2
    assert session.value("v from balance") == 101


def test_the_client_token_of_an_attempt_that_met_a_rival_gives_the_same_failure_again(
    interpreter: Callable[[str], Any],
    ended: Callable[[str], Any],
    session: Any,
    entries: Entries,
    rivals: Rivals,
) -> None:
    rivals(1)
    client = interpreter("redshift-data")

    def submit(token: str) -> str:
        return str(client.batch_execute_statement(**CLUSTER, Sqls=BATCH, ClientToken=token)["Id"])

    first = submit("attempt-1")
    assert ended(first)["Error"] == CONFLICT
    assert submit("attempt-1") == first
    assert ended(submit("attempt-2"))["Status"] == "FINISHED"
    assert entries() == ["first"]
    assert session.value("v from balance") == 101
