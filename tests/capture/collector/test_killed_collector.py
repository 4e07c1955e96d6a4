"""A collector that dies by SIGKILL, before any line and during any request: what lands is what would have landed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.collector.backlog import Backlog
from capture.collector.collector import Collector, Feed, Limits
from capture.simulated import Fault, SimulatedGoodreads, simulated_goodreads
from capture.spool.spool import finish_abandoned, held
from capture.stopping import Stop
from tests.capture.scratch import scratch
from tests.capture.spool.dying import dies
from tests.capture.spool.landed import Landing, Rows, ready, rows_of
from tests.local_cloud.waiting import PATIENCE

REVIEWS = 4
LINES = 1000  # that keep the records of these reviews, about


class Site:
    """A Goodreads without a network: reviews 1 to 4, the last without a user, all of the same book with two authors."""

    def recent(self) -> list[str]:
        return [str(number) for number in range(REVIEWS, 0, -1)]

    def review(self, review_id: str) -> dict[str, Any]:
        user = {"id": f"10{review_id}"} if review_id != "4" else None
        return {
            "id": review_id,
            "user": user,
            "book": {"id": "9", "authors": {"author": [{"id": "1"}, {"id": "2"}]}},
        }


def collect(folder: Path) -> None:
    """Until no review waits. Each second review or so finishes the files."""
    with held(folder) as spool, closing(Stop()) as stop:
        backlog = Backlog(spool.state)

        def end_if_done(_: Collector) -> None:
            if "waiting" not in backlog.counts():
                stop.set()

        limits = Limits(file_bytes=300, file_age=3600)
        clock = lambda: datetime(2020, 2, 19, tzinfo=UTC)  # noqa: E731 - one version for all: whole rows compare
        Collector(Feed(Site(), backlog, 0.001), spool, limits, stop, end_if_done, clock).run()


@cache
def undisturbed() -> Rows:
    with scratch() as folder:
        collect(folder)
        return rows_of(ready(folder))


@pytest.mark.slow
def test_undisturbed_every_record_lands() -> None:
    found = undisturbed()
    assert {name: [row[0] for row in rows] for name, rows in found.items()} == {
        "authors": ["1"] * REVIEWS + ["2"] * REVIEWS,
        "books": ["9"] * REVIEWS,
        "reviews": ["1", "2", "3", "4"],
        "users": ["101", "102", "103"],
    }


ACTIONS: dict[str, Callable[[Path], object]] = {"collect": collect, "finish": finish_abandoned}


@pytest.mark.slow
@settings(max_examples=24)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(ACTIONS)), st.integers(1, LINES), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_line_it_dies_before_and_how_often_the_same_lands(
    deaths: list[tuple[str, int, bool]],
) -> None:
    with scratch() as folder:
        spool, landing = folder / "spool", Landing(folder / "landing")
        for action, line, is_taken in deaths:
            dies(partial(ACTIONS[action], spool), line)
            if is_taken:
                landing.take(spool)
        collect(spool)
        landing.take(spool)
        assert rows_of(landing.files) == undisturbed()


def command(site: SimulatedGoodreads, spool: Path, *options: str) -> subprocess.Popen[bytes]:
    """A collector that is quick; every third review or so finishes the files."""
    where = ["--spool", str(spool), "--base-url", site.url, "--key", "any"]
    quick = ["--rate", "300", "--poll", "0.2s", "--max-file-size", "3kB"]
    return subprocess.Popen(
        [sys.executable, "-m", "capture", "collect", *where, *quick, *options], stderr=subprocess.DEVNULL
    )


def kill_after_requests(site: SimulatedGoodreads, collector: subprocess.Popen[bytes], count: int) -> None:
    """Once the site was asked so often, SIGKILL."""
    deadline = time.monotonic() + PATIENCE
    while len(site.requests) < count:
        assert time.monotonic() < deadline
        assert collector.poll() is None
        time.sleep(0.001)
    collector.kill()
    assert collector.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_killed_over_and_over_among_failing_requests_it_captures_what_was_published(tmp_path: Path) -> None:
    faults = {Fault.SERVER_ERROR: 0.05, Fault.RESET: 0.05, Fault.BROKEN_XML: 0.05}
    with simulated_goodreads(reviews=4, faults=faults) as site:
        for more in (1, 6, 2, 9):
            collector = command(site, tmp_path / "killed")
            kill_after_requests(site, collector, len(site.requests) + more)
            site.publish(4)
        site.faults.rates.clear()
        with held(tmp_path / "killed") as spool:
            left = 20 - Backlog(spool.state).counts().get("captured", 0)
        with command(site, tmp_path / "killed", "--reviews", str(left)) as collector:
            assert collector.wait(PATIENCE) == 0
        with command(site, tmp_path / "undisturbed", "--reviews", "20") as collector:
            assert collector.wait(PATIENCE) == 0
        captured, wanted = (
            rows_of(ready(tmp_path / name), with_version=False) for name in ("killed", "undisturbed")
        )
        assert [int(row[0]) for row in captured["reviews"]] == sorted(review.id for review in site.published)
    assert captured == wanted
    assert len(captured["reviews"]) == 20


@pytest.mark.slow
@pytest.mark.parametrize("line", range(1, 60, 3))
def test_a_collector_that_dies_while_it_opens_the_spool_leaves_one_that_opens(
    tmp_path: Path, line: int
) -> None:
    assert dies(lambda: collect(tmp_path), line)
    collect(tmp_path)
    assert rows_of(ready(tmp_path)) == undisturbed()
