"""The reviews published so far: more by the clock, or by call."""

import time
from collections.abc import Sequence
from threading import Lock

from capture.simulated.model import Review
from capture.simulated.world import World


class Feed:
    """Reviews in the order in which they were published; `rate` of them appear each second by themselves."""

    def __init__(self, world: World, rate: float) -> None:
        self._world = world
        self._rate = rate
        self._started = time.monotonic()
        self._by_call = 0
        self._reviews: list[Review] = []
        self._lock = Lock()

    def publish(self, count: int) -> Sequence[Review]:
        """Publish so many reviews now; they come after all that were published before."""
        with self._lock:
            self._by_call += count
        return self.published[-count:] if count else []

    @property
    def published(self) -> Sequence[Review]:
        """All reviews so far, the oldest first."""
        with self._lock:
            due = self._by_call + int((time.monotonic() - self._started) * self._rate)
            self._reviews += [self._world.review(index) for index in range(len(self._reviews), due)]
            return tuple(self._reviews)

    def with_id(self, id_: int) -> Review | None:
        """The published review of that id."""
        return next((review for review in self.published if review.id == id_), None)
