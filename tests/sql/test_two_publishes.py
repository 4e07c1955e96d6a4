"""Two publishes at the same time, as threads of the local Data API: one waits for the other, or is refused."""

import threading
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import duckdb
import pytest

from sql import statements
from tests.local_cloud.redshift.conftest import Session
from tests.local_cloud.waiting import PATIENCE
from tests.sql.staged import Staged, Version

_CONFLICT = "1023 DETAIL: Serializable isolation violation on table - goodreads_staging.authors"

SqlFunction = Callable[[str, Callable[[], object]], None]


@pytest.fixture
def sql_function(session: Session) -> Iterator[SqlFunction]:
    """Makes SQL functions of an integer that call something from inside of the transaction, and return it."""
    connection = session.engine._warehouse._connection  # noqa: SLF001
    integer, made = duckdb.sqltype("INTEGER"), []

    def create(name: str, event: Callable[[], object]) -> None:
        def call(value: int) -> int:
            event()
            return value

        connection.create_function(name, call, [integer], integer, side_effects=True)
        made.append(name)

    yield create
    for name in made:
        connection.remove_function(name)


def publish(run: str, *, then: str) -> list[str]:
    """The statements of a publish that calls the function `then` once it has compared the authors."""
    lock, account, *rest = (statement.replace("{}", run) for statement in statements.publish())
    return [lock, account, f"select {then}(1)", *rest]


@pytest.fixture
def second_waits(session: Session, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once a second transaction has come to a lock, whether it is free or not."""
    second = threading.Event()
    arrivals = count(1)

    class Observed(threading.Condition):
        def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
            if next(arrivals) == 2:
                second.set()
            return super().wait_for(predicate, timeout)

    monkeypatch.setattr(session.engine._warehouse, "_unlocked", Observed())  # noqa: SLF001
    return second


@pytest.mark.slow
def test_a_second_publish_of_a_run_waits_for_the_first_and_finds_everything_published(
    session: Session, staged: Staged, sql_function: SqlFunction, second_waits: threading.Event
) -> None:
    order: list[str] = []
    first_compares = threading.Event()

    def first_has_compared() -> None:
        first_compares.set()
        assert second_waits.wait(PATIENCE)
        order.append("first")

    def second_has_compared() -> None:
        order.append("second")
        second_waits.set()  # without a lock it comes here and not to the lock

    sql_function("first_has_compared", first_has_compared)
    sql_function("second_has_compared", second_has_compared)
    staged.stage("r1", [Version(1, 5, 0), Version(2, 5, 0)], files={"author.csv": '"e1"'})

    first = session.submit(*publish("r1", then="first_has_compared"))
    assert first_compares.wait(PATIENCE)
    second = session.submit(*publish("r1", then="second_has_compared"))

    assert [session.ended(one)["Status"] for one in (first, second)] == ["FINISHED", "FINISHED"]
    assert order == ["first", "second"]
    assert [author for author, *_ in staged.authors()] == [1, 2]
    assert staged.files() == [("author.csv", "r1")]
    lines = session.rows("select dataset, rows_inserted from goodreads_warehouse.ledger order by dataset")
    assert lines == [("authors", 2), ("books", 0), ("reviews", 0), ("users", 0)]


def test_a_publish_whose_staging_the_next_run_fills_meanwhile_is_refused_and_repeated_for_nothing(
    session: Session, staged: Staged, sql_function: SqlFunction
) -> None:
    compares, staged_again = threading.Event(), threading.Event()

    def pause() -> None:
        compares.set()
        assert staged_again.wait(PATIENCE)

    sql_function("pause", pause)
    staged.stage("r1", [Version(1, 5, 0)], token=1, files={"author.csv": '"e1"'})

    late = session.submit(*publish("r1", then="pause"))
    assert compares.wait(PATIENCE)
    staged.stage("r2", [Version(2, 5, 0)], token=2, files={"author.csv": '"e1"'})
    staged_again.set()

    ended = session.ended(late)
    assert (ended["Status"], _CONFLICT in ended["Error"]) == ("FAILED", True)
    assert "the_lease_is_still_held" in staged.refused("r1")
    staged.publish("r2")
    assert [author for author, *_ in staged.authors()] == [2]
    assert staged.files() == [("author.csv", "r2")]
