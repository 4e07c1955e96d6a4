"""A follower that dies by SIGKILL, before any line: what lands is what would have landed."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.follower.follower import Follower, Limits
from capture.spool.spool import finish_abandoned, held
from capture.stopping import Stop
from tests.capture.follower.shelves import FEED, Entry, Shelf
from tests.capture.scratch import scratch
from tests.capture.spool.dying import dies
from tests.capture.spool.landed import Landing, Rows, ready, rows_of

REVIEWS = 5
LINES = 1200  # that keep the records of these reviews, about


def follow(folder: Path) -> None:
    """Once: pages of two reviews. Each page or so finishes the files."""
    shelf = Shelf({FEED: [Entry(number, book=7) for number in range(REVIEWS)]}, size=2)
    limits = Limits(poll=1, whole=0.5, file_bytes=3000, file_age=3600, once=True)
    clock = lambda: datetime(2020, 2, 19, tzinfo=UTC)  # noqa: E731 - one version for all: whole rows compare
    with held(folder) as spool, closing(Stop()) as stop:
        Follower(shelf, [FEED], spool, limits, stop, clock=clock).run()


@cache
def undisturbed() -> Rows:
    with scratch() as folder:
        follow(folder)
        return rows_of(ready(folder))


@pytest.mark.slow
def test_undisturbed_every_record_lands() -> None:
    found = undisturbed()
    assert [row[0] for row in found["reviews"]] == [Entry(number).review_id for number in range(REVIEWS)]
    assert {name: len(rows) for name, rows in found.items()} == {
        "authors": 3,
        "books": 3,
        "reviews": REVIEWS,
        "users": 3,
    }


ACTIONS: dict[str, Callable[[Path], object]] = {"follow": follow, "finish": finish_abandoned}


@pytest.mark.slow
@settings(max_examples=25)
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
        follow(spool)
        landing.take(spool)
        assert rows_of(landing.files) == undisturbed()


@pytest.mark.slow
def test_a_follower_that_dies_before_each_line_goes_on_with_the_page_that_it_has_not_kept(
    tmp_path: Path,
) -> None:
    deaths = 0
    for line in range(1, LINES, 97):
        spool = tmp_path / str(line)
        deaths += dies(partial(follow, spool), line)
        follow(spool)
        assert rows_of(ready(spool)) == undisturbed()
    assert deaths > 5  # LINES is not far from the number of lines there are
