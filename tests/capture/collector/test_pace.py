"""How fast requests may follow, and what ends the wait."""

import os
import signal
import threading
from collections.abc import Callable

import pytest

from capture.collector.pace import Pace
from capture.errors import Stopped
from capture.stopping import Stop, stopped_by_signals


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
        assert stop.wait(10)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # a second one ends the process
    assert signal.getsignal(number) is before
