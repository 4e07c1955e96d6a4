"""How fast requests may follow each other."""

import time
from collections.abc import Callable

from capture.errors import Stopped
from capture.stopping import Stop


class Pace:
    """So many requests a second at most, evenly spaced: unused time is not saved up for a burst."""

    def __init__(self, per_second: float, stop: Stop, clock: Callable[[], float] = time.monotonic) -> None:
        self.interval = 1 / per_second
        """Seconds between two requests."""
        self._stop = stop
        self._clock = clock
        self._next = clock()

    def wait(self) -> None:
        """Until the next request may go out; Stopped if it shall not go out any more."""
        now = self._clock()
        turn = max(now, self._next)
        self._next = turn + self.interval
        if self._stop.wait(turn - now):
            raise Stopped
