"""What is asked for again, what is not, and how fast."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing

import pytest
import xmltodict

from capture.asking import Pace
from capture.collector.goodreads import Goodreads, PatientClient
from capture.collector.records import at
from capture.errors import KeyRefused, NotThere, Stopped, Unavailable
from capture.simulated import Fault, SimulatedGoodreads
from capture.stopping import Stop, stopped_by_signals
from tests.capture.collector.conftest import INTERVAL
from tests.local_cloud.waiting import PATIENCE

PASSING = [
    Fault.SERVER_ERROR,
    Fault.UNAVAILABLE,
    Fault.RESET,
    Fault.TRUNCATED,
    Fault.BROKEN_XML,
    Fault.HTML,
]


@pytest.mark.parametrize("fault", PASSING)
def test_a_failure_that_passes_is_not_noticed(
    goodreads: SimulatedGoodreads, source: Goodreads, fault: Fault
) -> None:
    goodreads.faults.script(fault, fault)
    assert source.recent() == [str(review.id) for review in reversed(goodreads.published)]
    assert len(goodreads.requests) == 3


def test_a_failure_that_stays_is_told_after_five_attempts(
    goodreads: SimulatedGoodreads, source: Goodreads
) -> None:
    goodreads.faults.script(*[Fault.SERVER_ERROR] * 100)
    with pytest.raises(Unavailable, match="500"):
        source.recent()
    assert len(goodreads.requests) == 5


@pytest.mark.parametrize(("fault", "error"), [(Fault.REFUSED_KEY, KeyRefused), (Fault.NOT_FOUND, NotThere)])
def test_a_refusal_is_not_asked_for_again(
    goodreads: SimulatedGoodreads, source: Goodreads, fault: Fault, error: type[Exception]
) -> None:
    goodreads.faults.script(fault)
    with pytest.raises(error):
        source.review(str(goodreads.published[0].id))
    assert len(goodreads.requests) == 1


@pytest.mark.slow
def test_a_server_that_asks_for_a_pause_gets_it(goodreads: SimulatedGoodreads, source: Goodreads) -> None:
    goodreads.faults.script(Fault.TOO_MANY_REQUESTS)
    source.recent()
    first, second = goodreads.requests
    assert second.at - first.at >= 1


def test_the_wish_to_end_cuts_the_pauses_short(
    goodreads: SimulatedGoodreads, source: Goodreads, stop: Stop
) -> None:
    goodreads.faults.rates[Fault.SERVER_ERROR] = 1
    stop.set()
    with pytest.raises(Stopped):
        source.recent()
    assert goodreads.requests == []


def test_a_review_comes_with_its_user_and_all_authors(
    goodreads: SimulatedGoodreads, source: Goodreads
) -> None:
    review = goodreads.published[2]
    found = source.review(str(review.id))
    assert at(found, "user/display_name") == review.user.display_name
    assert at(found, "book/title") == review.book.title


class Odd:
    """A client whose answers are wrong in ways the package stumbles over."""

    def recent_reviews(self) -> None:
        raise KeyError("reviews")

    def review(self, _: str) -> None:
        raise TypeError("'NoneType' object is not subscriptable")


def test_an_answer_that_the_package_stumbles_over_is_unavailable(stop: Stop) -> None:
    source = Goodreads(Odd(), stop, 0.0001)
    with pytest.raises(Unavailable, match="lacks an element: 'reviews'"):
        source.recent()
    with pytest.raises(Unavailable, match="lacks an element"):
        source.review("1")


@pytest.mark.slow
def test_a_review_without_a_possible_id_is_left_out_however_deep_its_elements_go(
    client_at: Callable[[str], PatientClient], stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = "<a>" * 100_000 + "</a>" * 100_000
    too_great = f"<review><id>{2**63}</id></review>"
    answer = xmltodict.parse(
        f"<GoodreadsResponse><reviews><review>{deep}</review><review><id>7</id></review>{too_great}</reviews></GoodreadsResponse>"
    )
    client = client_at("http://localhost/")
    monkeypatch.setattr(client, "request", lambda *_: answer["GoodreadsResponse"])
    assert Goodreads(client, stop, INTERVAL).recent() == ["7"]


class Clock:
    """A stop that is never set, whose waits take no time: it moves the clock instead."""

    def __init__(self) -> None:
        self.now = 100.0

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False


def turns(clock: Clock, pace: Pace, count: int, between: Callable[[], None] = lambda: None) -> list[float]:
    found = []
    for _ in range(count):
        pace.wait()
        found.append(clock.now)
        between()
    return found


def test_requests_are_evenly_spaced_and_the_first_goes_at_once() -> None:
    clock = Clock()
    pace = Pace(2, clock, lambda: clock.now)  # type: ignore[arg-type]
    assert turns(clock, pace, 4) == [100, 100.5, 101, 101.5]


def test_idle_time_is_not_saved_up_for_a_burst() -> None:
    clock = Clock()
    pace = Pace(1, clock, lambda: clock.now)  # type: ignore[arg-type]
    pace.wait()
    clock.now += 60
    assert turns(clock, pace, 3) == [160, 161, 162]


def test_time_that_an_answer_takes_counts_as_waiting() -> None:
    clock = Clock()
    pace = Pace(1, clock, lambda: clock.now)  # type: ignore[arg-type]

    def answer() -> None:
        clock.now += 0.75

    assert turns(clock, pace, 3, between=answer) == [100, 101, 102]


def test_nothing_is_asked_in_a_pause_and_only_a_long_pause_is_told(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    pace = Pace(0.01, clock, lambda: clock.now)  # type: ignore[arg-type]
    assert turns(clock, pace, 2) == [100, 200]
    pace.hold(50)
    assert turns(clock, pace, 1) == [300]
    pace.hold(0)
    assert caplog.messages == []
    pace.hold(1800)
    assert turns(clock, pace, 2) == [2100, 2200]
    assert caplog.messages == [
        "Goodreads asks for a pause (Retry-After); the next request follows in 30 minutes"
    ]


def test_the_pause_after_a_last_attempt_holds_for_the_next_review(
    goodreads: SimulatedGoodreads, stop: Stop
) -> None:
    clock = Clock()
    pace = Pace(1 / INTERVAL, clock, lambda: clock.now)  # type: ignore[arg-type]
    with closing(PatientClient("key", goodreads.url, pace)) as client:
        source = Goodreads(client, stop, INTERVAL)
        goodreads.faults.script(*[Fault.TOO_MANY_REQUESTS] * 5)
        with pytest.raises(Unavailable):
            source.review("1")
        assert clock.now == pytest.approx(104, abs=0.1)
        source.recent()
    assert clock.now == pytest.approx(105, abs=0.1)


def test_no_request_goes_out_once_the_end_was_asked_for(stop: Stop) -> None:
    pace = Pace(1000, stop)
    pace.wait()
    stop.set()
    with pytest.raises(Stopped):
        pace.wait()


def test_who_waits_for_long_is_woken_by_the_wish_to_end(stop: Stop) -> None:
    waker = threading.Timer(0.05, stop.set)
    waker.start()
    assert stop.wait(600)
    waker.join()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_for_the_end_and_the_former_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stopped_by_signals() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(PATIENCE)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # a second one ends the process
    assert signal.getsignal(number) is before
