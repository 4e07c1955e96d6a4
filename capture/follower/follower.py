"""Follows shelves and puts each review into the spool, once for each state in which it was seen.

The records of a page, the fingerprints of its reviews and the progress of the look are committed together, so a crash neither loses nor
repeats a review; the next follower goes on with the next page.

The first look at a shelf is at all of it, and so is one a day: it finds changes deep in the shelf, and asks for every page even if the site
would say that nothing has changed. The looks in between read the front of the shelf, where new and changed reviews are.

A reader whose shelf cannot be seen is put off, each time for twice as long, up to a week; another key ends that. While Goodreads does not answer, each shelf is put off
too, but never for longer than ten minutes, unless the site asks for a longer pause (Retry-After); so it is if three readers in a row are refused, for then the site rather refuses this machine.
The others go on in any case, but for a pause that the site asks for: it is the whole machine's.
"""

import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from capture.errors import Away, NotAFeed, Refused, Stopped, Unavailable
from capture.follower.client import Answered, Validators
from capture.follower.feeds import Feed
from capture.follower.look import Look
from capture.follower.memory import KeptPage, Memory, Standing
from capture.follower.reading import Item
from capture.follower.records import fingerprint, records_of, without_book
from capture.possible import Possible
from capture.spool.spool import Spool
from capture.stopping import Stop
from catalog import DATASETS

_NEVER = float("inf")
_FIRST_PAUSE = 60.0
_LONGEST_OUTAGE = 600.0
_LONGEST_AWAY = 7 * 24 * 3600.0
_REFUSED = 3  # readers in a row: one or two may have made their shelves private
_JITTER = 0.1  # of a pause: feeds that were followed at one time are not asked for at one time for ever

log = logging.getLogger(__name__)


class Source(Protocol):
    """A source of pages. May raise Away, Unavailable and Stopped."""

    def page(self, feed: Feed, number: int, known: Validators | None) -> Answered | None:
        """A page of a shelf; None if it is still the page of `known`."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How often to look, when a file is finished, and when the follower ends by itself. Times are in seconds; None means never."""

    poll: float
    whole: float
    """Between two looks at a whole shelf."""
    file_bytes: int
    file_age: float
    seconds: float | None = None
    once: bool = False
    """End when each feed was looked at once or was put off."""


@dataclass
class Totals:
    """What a follower has done. `again` of the captured reviews had been captured before, in another state."""

    captured: int = 0
    again: int = 0
    unread: int = 0
    without_book: int = 0
    """Captured reviews whose item made no record of the book."""
    unsettled: int = 0
    """Looks at whole shelves that changed all the time, so that a review may have been missed until the next one."""


@dataclass
class Follower:
    """Follows feeds; `run` works until a limit is reached or `stop` is set."""

    source: Source
    feeds: Sequence[Feed]
    spool: Spool
    limits: Limits
    stop: Stop
    changed: Callable[["Follower"], None] = lambda _: None
    """Called after each step."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: Callable[[], float] = random.random
    totals: Totals = field(default_factory=Totals)
    troubles: dict[Feed, str] = field(default_factory=dict)
    """Why a feed is put off."""
    unread: dict[Feed, set[str]] = field(default_factory=dict)
    """Marks of the reviews that could not be read."""
    seen: set[Feed] = field(default_factory=set)
    """Feeds with reviews, new or not."""
    possible: Possible = field(default_factory=Possible)

    def __post_init__(self) -> None:
        self.memory = Memory(self.spool.state)
        self._started = self._now()
        self._looked: set[Feed] = set()
        self._refused: list[Feed] = []  # in a row

    def run(self) -> None:
        """Follow the feeds, then finish the open files. Raises SpoolError."""
        self.memory.follow(self.feeds)
        for feed in self.feeds:
            if self.limits.once:
                self.memory.hasten(feed)
            standing = self.memory.standing(feed)
            if standing.failures:
                self.troubles[feed] = standing.trouble
                if standing.due > self._now():
                    due = datetime.fromtimestamp(standing.due, UTC)
                    log.warning(
                        "%s is put off until %s UTC; --once tries it at once. %s",
                        feed,
                        f"{due:%Y-%m-%d %H:%M:%S}",
                        standing.trouble,
                    )
        with suppress(Stopped):
            while not self._is_over():
                self._step()
                self.changed(self)
        self.finish()

    def _is_over(self) -> bool:
        if self.stop.is_set() or self._seconds_left() <= 0:
            return True
        return self.limits.once and not self._waiting()

    def _waiting(self) -> list[Feed]:
        """The feeds that are still to be looked at: with `once`, those that are neither done nor put off."""
        if not self.limits.once:
            return list(self.feeds)
        dues, now = self.memory.dues(), self._now()
        return [
            feed for feed in self.feeds if feed not in self._looked and dues[feed.user_id, feed.shelf] <= now
        ]

    def _step(self) -> None:
        dues = self.memory.dues()
        waiting = self._waiting()
        feed = min(waiting, key=lambda each: dues[each.user_id, each.shelf], default=None)
        due = dues[feed.user_id, feed.shelf] if feed else _NEVER
        if feed and due <= self._now():
            self._read(feed)
        else:
            left = (due - self._now(), self._seconds_left(), self._file_seconds_left())
            self.stop.wait(min(left))
        if self._file_seconds_left() <= 0 or self.spool.size() >= self.limits.file_bytes:
            self.finish()

    def _read(self, feed: Feed) -> None:
        """Read the next page of a feed's look."""
        standing = self.memory.standing(feed)
        look = standing.look or Look(whole=standing.whole_due <= self._now())
        is_first_pass = look.whole and look.passes == 1
        known = None if is_first_pass else self.memory.page(feed, look.page)
        try:
            answer = self.source.page(feed, look.page, known.validators if known else None)
        except (Away, Unavailable) as error:
            self._put_off(feed, standing, error)
            return
        self._refused.clear()
        if self.troubles.pop(feed, ""):
            log.warning("%s can be read again", feed)
        if answer is None:
            self._take_unchanged(feed, look, known)
        else:
            self._take(feed, look, answer)

    def _take_unchanged(self, feed: Feed, look: Look, known: KeptPage | None) -> None:
        ids = known.ids if known else ()
        if ids:
            self.seen.add(feed)
        with self.spool.state.transaction():
            self._go_on(feed, look.with_page(ids, has_news=False))

    def _take(self, feed: Feed, look: Look, answer: Answered) -> None:
        """Put what is new on a page into the spool, together with the progress of the look."""
        now = self.clock()
        items: dict[str, Item] = {}
        for item in answer.items:
            items.setdefault(item.review_id, item)
        prints = {review_id: fingerprint(item) for review_id, item in items.items()}
        kept = {review_id: self.memory.fingerprint(review_id) for review_id in prints}
        news = [item for review_id, item in items.items() if kept[review_id] != prints[review_id]]
        version = self.memory.version((item.review_id for item in news), now)
        empty = partial(self.possible.empty, str(feed))
        records = self.possible.records(str(feed), records_of(feed, news, version, now, empty), now)
        bookless = {item.review_id: reason for item in news if (reason := without_book(item))}
        for review_id, reason in bookless.items():
            log.warning("%s: review %s lands without a record of its book: %s", feed, review_id, reason)
        # an item that cannot be read is on the page too: a page of nothing else is not the end of the shelf
        ids = (*prints, *answer.unread)
        has_news = bool(news) or (bool(answer.unread) and not prints)
        validators = Validators() if answer.unread else answer.validators
        with self.spool.state.transaction():
            if any(records[dataset.name] for dataset in DATASETS):
                self.spool.append(records, now)
            self.memory.captured({item.review_id: prints[item.review_id] for item in news}, version)
            self.memory.keep_page(feed, look.page, KeptPage(ids, validators))
            self._go_on(feed, look.with_page(ids, has_news=has_news))
        if prints:
            self.seen.add(feed)
        self.totals.captured += len(news)
        self.totals.without_book += len(bookless)
        self.totals.again += sum(kept[item.review_id] is not None for item in news)
        if answer.unread:
            self.unread.setdefault(feed, set()).update(answer.unread)
            self.totals.unread = len(set().union(*self.unread.values()))

    def _go_on(self, feed: Feed, look: Look) -> None:
        if not look.is_over:
            self.memory.look_on(feed, look)
            return
        now = self._now()
        whole_due = self.memory.standing(feed).whole_due
        if look.whole:
            whole_due = now + self._with_jitter(self.limits.whole)
            if not look.settled:
                self.totals.unsettled += 1
                log.warning(
                    "%s changed each time it was read; it is read again with the next whole look", feed
                )
        elif not look.settled:
            whole_due = now
        self._looked.add(feed)
        self.memory.rest(feed, now + self._with_jitter(self.limits.poll), whole_due)

    def _put_off(self, feed: Feed, standing: Standing, error: Away | Unavailable) -> None:
        trouble, is_machine = str(error), self._is_machine_refused(feed, error)
        if is_machine:
            trouble = f"Goodreads refuses this machine, it seems: {len(self._refused)} shelves in a row. Ask less often (--rate, --poll). {error}"
        is_outage = is_machine or (isinstance(error, Unavailable) and not isinstance(error, NotAFeed))
        longest = _LONGEST_OUTAGE if is_outage else _LONGEST_AWAY
        first = _FIRST_PAUSE if is_outage else max(_FIRST_PAUSE, self.limits.poll)
        asked_for = error.pause if isinstance(error, Unavailable) else 0
        pause = max(asked_for, self._with_jitter(min(longest, first * 2.0 ** min(standing.failures, 20))))
        self.memory.put_off(feed, self._now() + pause, trouble)
        if is_machine:
            for each in self._refused:
                self.memory.shorten(each, self._now() + pause)
        if not is_outage or feed not in self.troubles:
            again = "" if self.limits.once else f"; it is tried again in {pause:.0f} s"
            log.warning("%s cannot be read%s. %s", feed, again, trouble)
        self.troubles[feed] = trouble
        self._looked.add(feed)

    def _is_machine_refused(self, feed: Feed, error: Away | Unavailable) -> bool:
        """Whether so many readers were refused one after the other that it is rather this machine than each of them."""
        if isinstance(error, Refused):
            self._refused = [*(each for each in self._refused if each != feed), feed]
            return len({each.user_id for each in self._refused}) >= _REFUSED
        if isinstance(error, Away):
            self._refused.clear()  # the site answers this machine
        return False

    def finish(self) -> None:
        """Finish the open files: they may be uploaded."""
        if files := self.spool.finish():
            log.info("finished %s of %s", files[0].name, ", ".join(file.parent.name for file in files))

    def _seconds_left(self) -> float:
        if self.limits.seconds is None:
            return _NEVER
        return self._started + self.limits.seconds - self._now()

    def _file_seconds_left(self) -> float:
        opened_at = self.spool.opened_at()
        return _NEVER if opened_at is None else opened_at + self.limits.file_age - self._now()

    def _with_jitter(self, seconds: float) -> float:
        return seconds * (1 + _JITTER * self.chance())

    def _now(self) -> float:
        return self.clock().timestamp()
