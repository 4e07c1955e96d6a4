"""Goodreads' list of the newest reviews, looked at again and again."""

import logging
import time
from dataclasses import dataclass
from typing import Protocol

from capture.collector.backlog import Backlog
from capture.collector.elements import Element
from capture.errors import NotThere, Unavailable

_OUTAGE_POLL_SECONDS = 60.0

log = logging.getLogger(__name__)


class Source(Protocol):
    """Where reviews come from. Both methods raise KeyRefused, NotThere, Unavailable and Stopped."""

    def recent(self) -> list[str]:
        """The ids of the newest reviews, the newest first."""

    def review(self, review_id: str) -> Element:
        """One with its user and its book."""


@dataclass
class Feed:
    """`seconds` after an answer, at the earliest, the next one puts its new reviews into the backlog."""

    source: Source
    backlog: Backlog
    seconds: float
    gaps: int = 0
    """How often the feed held nothing but new reviews: then more may have come than it shows."""
    outage: str = ""
    """What Goodreads does instead of answering, empty while it answers."""
    _next: float = 0

    def seconds_left(self) -> float:
        """Until it is time to look."""
        return self._next - time.monotonic()

    def look(self) -> bool:
        """Take the new reviews; whether there was an answer. A missing feed is an outage too: who knows for how long."""
        try:
            newest = self.source.recent()
        except (Unavailable, NotThere) as error:
            self._out(str(error))
            return False
        # From the answer on, or slow ones would leave no time for reviews.
        self._next = time.monotonic() + self.seconds
        if self.outage:
            log.warning("Goodreads answers again")
            self.outage = ""
        self._notice(newest)
        return True

    def _notice(self, newest: list[str]) -> None:
        notice = self.backlog.notice(newest)
        if notice.new:
            log.info("%d new reviews in the feed", notice.new)
        if notice.is_gap:
            self.gaps += 1
            log.warning(
                "all %d reviews in the feed are new: others may have come and gone unseen since the last look. "
                "If this is not the first one after a pause, look more often than every %g s (--poll)",
                len(newest),
                self.seconds,
            )

    def _out(self, reason: str) -> None:
        self._next = time.monotonic() + min(self.seconds, _OUTAGE_POLL_SECONDS)
        if not self.outage:
            log.error("Goodreads does not answer; it is asked on until it does. %s", reason)
        self.outage = reason
