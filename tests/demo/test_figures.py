"""How far the reviews have come, and what is shown of it."""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from capture.collector.backlog import Backlog
from capture.simulated import SimulatedGoodreads, simulated_goodreads
from capture.spool.spool import held
from demo.display import Sum, scene
from demo.figures import Figures, Observer, files_below
from operations.executions import Execution, StateMachine
from tests.demo.made_up import execution, figures


class Machine:
    """A state machine whose executions can be changed; `asked` are the names described."""

    def __init__(self) -> None:
        self.runs: list[Execution] = []
        self.asked: list[str] = []

    def names(self) -> list[str]:
        return [run.name for run in self.runs]

    def describe(self, name: str) -> Execution:
        self.asked.append(name)
        return next(run for run in self.runs if run.name == name)


@pytest.fixture
def goodreads() -> Iterator[SimulatedGoodreads]:
    with simulated_goodreads() as site:
        yield site


def test_the_observer_counts_at_every_place_on_the_way(tmp_path: Path, goodreads: SimulatedGoodreads) -> None:
    machine, spool, landing = Machine(), tmp_path / "spool", tmp_path / "landing"
    observer = Observer(goodreads, spool, landing, cast("StateMachine", machine))
    assert observer.look() == figures(published=0, captured=0)
    for path in (spool / "ready/users/a.csv", landing / "users/b.csv", landing / "users/.c.csv.partial"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    goodreads.publish(3)
    machine.runs = [execution("second", "RUNNING"), execution("first", reviews=7, users=5)]
    with held(spool) as mine:
        backlog = Backlog(mine.state)
        backlog.notice(["3", "2", "1"])
        backlog.captured("1")
        backlog.captured("2")
        seen = observer.look()
    assert seen == Figures(3, 2, 1, 1, tuple(machine.runs))
    assert (seen.in_warehouse, seen.is_running) == (7, True)
    assert observer.look().captured == 2


def test_a_run_that_has_ended_is_asked_for_once(tmp_path: Path, goodreads: SimulatedGoodreads) -> None:
    machine = Machine()
    observer = Observer(goodreads, tmp_path, tmp_path, cast("StateMachine", machine))
    machine.runs = [execution("second", "RUNNING"), execution("first", reviews=7)]
    observer.look()
    machine.runs[0] = execution("second", reviews=1)
    observer.look()
    assert observer.look().in_warehouse == 8
    assert machine.asked == ["second", "first", "second"]


def test_the_observer_waits_for_a_state_that_the_collector_is_making(
    tmp_path: Path, goodreads: SimulatedGoodreads
) -> None:
    state = tmp_path / "open" / "state.sqlite"
    state.parent.mkdir()
    observer = Observer(goodreads, tmp_path, tmp_path, cast("StateMachine", Machine()))
    with closing(sqlite3.connect(state)) as connection:
        assert observer.look().captured == 0
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table open_files (dataset text)")
        assert observer.look().captured == 0
        connection.execute("create table reviews as select 'captured' as status")
        connection.commit()
        assert observer.look().captured == 0
        connection.execute("create table followed_reviews as select 7 as review_id union all select 8")
        connection.commit()
        assert observer.look().captured == 3


def test_a_folder_that_is_not_there_holds_no_files(tmp_path: Path) -> None:
    assert files_below(tmp_path / "nothing") == 0


def test_the_scene_shows_the_way_and_the_runs() -> None:
    shown = figures(
        published=2500,
        spooled_files=4,
        runs=(execution("idle"), execution("full", reviews=1200, users=34)),
    )
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(scene(shown))
    rows = [line.replace("│", " ").split() for line in console.export_text().splitlines()]
    assert ["2,500", "10", "4", "files", "0", "files", "1,200"] in rows
    assert ["21:38:00", "SUCCEEDED"] in rows
    assert ["21:38:00", "SUCCEEDED", "1,234", "1,234", "0", "0", "0", "0"] in rows


@pytest.mark.parametrize(
    ("stored", "holds", "words"),
    [
        ([3, 2, 1], True, "the same ids"),
        ([1, 2], False, "1 are missing, 0 were never published"),
        ([1, 2, 3, 4], False, "0 are missing, 1 were never published"),
        ([1, 2, 2, 3], False, "0 are missing, 0 were never published"),
    ],
)
def test_the_sum_holds_only_if_each_review_is_there_once(stored: list[int], holds: bool, words: str) -> None:
    total = Sum([1, 2, 3], stored)
    assert total.holds is holds
    assert str(total) == (
        f"published by Goodreads: 3; rows in goodreads_warehouse.reviews: {len(stored)}; {words}"
    )
