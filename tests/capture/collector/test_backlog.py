"""Which reviews wait, in which order, and for how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.collector import backlog as module
from capture.collector.backlog import Backlog, Notice
from capture.spool.spool import Spool
from capture.spool.state import opened


@pytest.fixture
def backlog(spool: Spool) -> Backlog:
    return Backlog(spool.state, first_pause=60)


def test_reviews_are_taken_in_the_order_of_their_publication(backlog: Backlog) -> None:
    backlog.notice(["3", "2", "1"])
    backlog.notice(["4", "3", "2"])
    taken = []
    while review_id := backlog.next(now=0):
        taken.append(review_id)
        backlog.captured(review_id)
    assert taken == ["1", "2", "3", "4"]


def test_what_was_captured_or_is_gone_is_not_taken_again(backlog: Backlog) -> None:
    backlog.notice(["2", "1"])
    backlog.captured("1")
    backlog.gone("2", "404")
    assert backlog.notice(["2", "1"]) == Notice(0, is_gap=False)
    assert backlog.next(now=0) is None


def test_a_feed_of_nothing_but_new_reviews_is_a_possible_gap_except_the_first(backlog: Backlog) -> None:
    assert backlog.notice(["2", "1"]) == Notice(2, is_gap=False)
    assert backlog.notice(["3", "2"]) == Notice(1, is_gap=False)
    assert backlog.notice([]) == Notice(0, is_gap=False)
    assert backlog.notice(["9", "8"]) == Notice(2, is_gap=True)


def test_a_review_that_fails_does_not_keep_the_next_one_waiting(backlog: Backlog) -> None:
    backlog.notice(["2", "1"])
    assert backlog.postpone("1", "500", now=1000) == 1060
    assert backlog.next(now=1000) == "2"
    backlog.captured("2")
    assert backlog.next(now=1059) is None
    assert backlog.next_due() == 1060
    assert backlog.next(now=1060) == "1"


def test_a_review_that_keeps_failing_is_given_up_and_can_be_asked_for_again(backlog: Backlog) -> None:
    backlog.notice(["1"])
    dues = [backlog.postpone("1", "500", now=0) for _ in range(10)]
    assert dues == [60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, None]
    assert (backlog.next(now=1e9), backlog.next_due(), backlog.counts()) == (None, None, {"given up": 1})
    assert backlog.again() == 1
    assert backlog.next(now=0) == "1"
    assert backlog.postpone("1", "500", now=0) == 60


def test_only_what_the_feed_may_still_show_is_remembered(
    backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 5)
    for number in range(100):
        backlog.notice([str(number)])
        if number % 10:
            backlog.captured(str(number))
    assert backlog.counts() == {"waiting": 10, "captured": 5}


@given(
    polls=st.lists(st.integers(min_value=0, max_value=6), max_size=8),
    failing=st.sets(st.integers(min_value=0, max_value=40)),
)
def test_every_review_of_an_overlapping_feed_is_taken_once(polls: list[int], failing: set[int]) -> None:
    published, taken = 0, []
    with opened(":memory:") as state:
        backlog = Backlog(state)
        for new in polls:
            published += new
            backlog.notice([str(number) for number in range(published, max(0, published - 8), -1)])
            while review_id := backlog.next(now=0):
                if int(review_id) in failing:
                    backlog.postpone(review_id, "500", now=0)
                else:
                    taken.append(int(review_id))
                    backlog.captured(review_id)
        while review_id := backlog.next(now=1e9):
            taken.append(int(review_id))
            backlog.captured(review_id)
    assert sorted(taken) == list(range(1, published + 1))
    assert [number for number in taken if number not in failing] == sorted(
        set(range(1, published + 1)) - failing
    )
