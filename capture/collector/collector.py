"""Follows Goodreads' feed and puts each new review into the spool, once.

A review in the feed is remembered before it is fetched, so a crash loses no review. Its records count only together with
the note that the review was captured, so a crash repeats no review.

If a review cannot be fetched, the collector looks at the feed. If the feed answers, the review is at fault: it is put
off, each time for longer, and finally given up, which is logged and remembered. If the feed does not answer either,
Goodreads has an outage and no review is at fault: the collector asks only for the feed until it answers.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from capture.collector.backlog import Backlog
from capture.collector.records import Element, records_of
from capture.errors import KeyRefused, NotThere, Stopped, Unavailable
from capture.possible import Possible
from capture.spool.spool import Spool
from capture.stopping import Stop

_OUTAGE_POLL_SECONDS = 60.0

_NEVER = float("inf")

log = logging.getLogger(__name__)


class Source(Protocol):
    """A source of reviews. Both methods may raise KeyRefused, NotThere, Unavailable and Stopped."""

    def recent(self) -> list[str]:
        """The ids of the newest reviews, the newest first."""

    def review(self, review_id: str) -> Element:
        """The review with its user and its book."""


@dataclass
class Feed:
    """Looks at the source's newest reviews and puts new ones into the backlog; looks are at least `seconds` apart."""

    source: Source
    backlog: Backlog
    seconds: float
    gaps: int = 0
    """How often all reviews in the feed were new: then the collector may have missed some."""
    outage: str = ""
    """Why Goodreads does not answer; empty while it answers."""
    _next: float = 0

    def seconds_left(self) -> float:
        """Seconds until the next look."""
        return self._next - time.monotonic()

    def look(self) -> bool:
        """Put the new reviews into the backlog; returns whether the feed answered.

        404 for the feed counts as an outage too: it may come back.
        """
        try:
            newest = self.source.recent()
        except (Unavailable, NotThere) as error:
            self._out(str(error))
            return False
        # The time counts from the answer: otherwise slow answers would leave no time for reviews.
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
                "all %d reviews in the feed are new: others may have come and gone since the last look. "
                "If this is not the first look after a pause, look more often than every %g s (--poll)",
                len(newest),
                self.seconds,
            )

    def _out(self, reason: str) -> None:
        self._next = time.monotonic() + min(self.seconds, _OUTAGE_POLL_SECONDS)
        if not self.outage:
            log.error(
                "Goodreads does not answer; the collector keeps asking for the feed until it does. %s", reason
            )
        self.outage = reason


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When a file is finished, and when the collector ends by itself. Times are in seconds; None means never."""

    file_bytes: int
    file_age: float
    seconds: float | None = None
    reviews: int | None = None


@dataclass
class Collector:
    """Captures reviews; `run` works until a limit is reached or `stop` is set."""

    feed: Feed
    spool: Spool
    limits: Limits
    stop: Stop
    changed: Callable[["Collector"], None] = lambda _: None
    """Called after each step."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    captured: int = 0
    possible: Possible = field(default_factory=Possible)
    _started: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Collect reviews, then finish the open files. Raises KeyRefused and SpoolError."""
        with suppress(Stopped):
            while not self._is_over():
                self._step()
                self.changed(self)
        self._finish()

    def _is_over(self) -> bool:
        return self.stop.is_set() or self.captured == self.limits.reviews or self._seconds_left() <= 0

    def _step(self) -> None:
        if self.feed.seconds_left() <= 0:
            self.feed.look()
        if not self.feed.outage and (review_id := self.feed.backlog.next(self._now())):
            self._capture(review_id)
        else:
            self.stop.wait(self._idle_seconds())
        if self._file_seconds_left() <= 0 or self.spool.size() >= self.limits.file_bytes:
            self._finish()

    def _capture(self, review_id: str) -> None:
        try:
            review = self.feed.source.review(review_id)
        except NotThere as error:
            log.warning("review %s is gone and left out. %s", review_id, error)
            self.feed.backlog.gone(review_id, str(error))
        except (Unavailable, KeyRefused) as error:  # Goodreads answers 401 or 403 for private reviews too
            if self.feed.look():
                self._put_off(review_id, str(error))
        else:
            now = self.clock()
            records = self.possible.records(f"review {review_id}", records_of(review, now), now)
            with self.spool.state.transaction():
                self.spool.append(records, now)
                self.feed.backlog.captured(review_id)
            self.captured += 1

    def _put_off(self, review_id: str, reason: str) -> None:
        now = self._now()
        due = self.feed.backlog.postpone(review_id, reason, now)
        if due is None:
            log.error("review %s is given up; `collect --again` tries it again. %s", review_id, reason)
        else:
            log.warning(
                "review %s cannot be fetched; it is tried again in %.0f s. %s", review_id, due - now, reason
            )

    def _finish(self) -> None:
        if files := self.spool.finish():
            log.info("finished %s of %s", files[0].name, ", ".join(file.parent.name for file in files))

    def _idle_seconds(self) -> float:
        """Seconds until there is something to do."""
        due = None if self.feed.outage else self.feed.backlog.next_due()
        until_due = _NEVER if due is None else due - self._now()
        return min(self.feed.seconds_left(), self._seconds_left(), self._file_seconds_left(), until_due)

    def _seconds_left(self) -> float:
        if self.limits.seconds is None:
            return _NEVER
        return self._started + self.limits.seconds - time.monotonic()

    def _file_seconds_left(self) -> float:
        opened_at = self.spool.opened_at()
        return _NEVER if opened_at is None else opened_at + self.limits.file_age - self._now()

    def _now(self) -> float:
        return self.clock().timestamp()
