"""What the follower remembers in the spool's state: how far each look has come, and how each review was when it was captured."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from capture.follower.client import Validators
from capture.follower.feeds import Feed
from capture.follower.look import Look, Page
from capture.spool.state import State, opened

_MARK_BYTES = 4  # of a key: so few that millions of keys have the same mark, and none can be found from it
_VERSION = "%Y-%m-%d %H:%M:%S.%f"


@dataclass(frozen=True)
class Standing:
    """How a feed stands. `due` is when to ask next, `whole_due` when to look at the whole shelf, in seconds since 1970.

    `failures` were in a row, the last one for the reason `trouble`; `look` is the look under way, if there is one.
    """

    due: float
    whole_due: float
    failures: int
    trouble: str
    look: Look | None


@dataclass(frozen=True)
class KeptPage:
    """A page as it was when it was last read."""

    ids: Page
    validators: Validators


class Memory:
    """The follower's part of a spool's state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def follow(self, feeds: Iterable[Feed]) -> None:
        """Remember feeds; those that are new, or have another key than the last time, are due at once."""
        for feed in feeds:
            self._state.execute(
                "insert or ignore into feeds (user_id, shelf) values (?, ?)", feed.user_id, feed.shelf
            )
            if self._key_mark(feed) != (mark := _mark(feed.key)):
                self._keep_key_mark(feed, mark)

    def _key_mark(self, feed: Feed) -> str:
        row = self._state.execute(
            "select mark from feed_keys where user_id = ? and shelf = ?", feed.user_id, feed.shelf
        ).fetchone()
        return row[0] if row else ""

    def _keep_key_mark(self, feed: Feed, mark: str) -> None:
        with self._state.transaction():
            self._state.execute(
                "insert or replace into feed_keys (user_id, shelf, mark) values (?, ?, ?)",
                feed.user_id,
                feed.shelf,
                mark,
            )
            self._state.execute(
                "update feeds set due = 0, failures = 0, trouble = '' where user_id = ? and shelf = ?",
                feed.user_id,
                feed.shelf,
            )

    def dues(self) -> Mapping[tuple[str, str], float]:
        """When each feed is due, by reader and shelf, in seconds since 1970."""
        rows = self._state.execute("select user_id, shelf, due from feeds").fetchall()
        return {(user_id, shelf): due for user_id, shelf, due in rows}

    def standing(self, feed: Feed) -> Standing:
        """How a feed stands."""
        due, whole_due, failures, trouble, look = self._state.execute(
            "select due, whole_due, failures, trouble, look from feeds where user_id = ? and shelf = ?",
            feed.user_id,
            feed.shelf,
        ).fetchone()
        return Standing(due, whole_due, failures, trouble, _look(look) if look else None)

    def look_on(self, feed: Feed, look: Look) -> None:
        """Remember how far a look has come."""
        self._state.execute(
            "update feeds set failures = 0, trouble = '', look = ? where user_id = ? and shelf = ?",
            json.dumps(asdict(look)),
            feed.user_id,
            feed.shelf,
        )

    def rest(self, feed: Feed, due: float, whole_due: float) -> None:
        """Note that a look is over, and when the next ones are due."""
        self._state.execute(
            "update feeds set failures = 0, trouble = '', look = '', due = ?, whole_due = ?"
            " where user_id = ? and shelf = ?",
            due,
            whole_due,
            feed.user_id,
            feed.shelf,
        )

    def put_off(self, feed: Feed, due: float, reason: str) -> None:
        """Note a failure, and when to ask again; a look that is under way goes on then."""
        self._state.execute(
            "update feeds set failures = failures + 1, trouble = ?, due = ? where user_id = ? and shelf = ?",
            reason,
            due,
            feed.user_id,
            feed.shelf,
        )

    def hasten(self, feed: Feed) -> None:
        """Let a feed be due at once, even if it was put off after a failure."""
        self._state.execute(
            "update feeds set due = 0 where user_id = ? and shelf = ?", feed.user_id, feed.shelf
        )

    def shorten(self, feed: Feed, due: float) -> None:
        """Let a feed be due at this time, unless it is due earlier."""
        self._state.execute(
            "update feeds set due = min(due, ?) where user_id = ? and shelf = ?",
            due,
            feed.user_id,
            feed.shelf,
        )

    def page(self, feed: Feed, number: int) -> KeptPage | None:
        """A page as it was when it was last read; None if the site did not say by what it will know the page."""
        row = self._state.execute(
            "select ids, etag, last_modified from feed_pages where user_id = ? and shelf = ? and page = ?",
            feed.user_id,
            feed.shelf,
            number,
        ).fetchone()
        return KeptPage(tuple(json.loads(row[0])), Validators(row[1], row[2])) if row else None

    def keep_page(self, feed: Feed, number: int, page: KeptPage) -> None:
        """Remember a page; without validators, forget it."""
        if not page.validators.headers():
            self._state.execute(
                "delete from feed_pages where user_id = ? and shelf = ? and page = ?",
                feed.user_id,
                feed.shelf,
                number,
            )
            return
        self._state.execute(
            "insert or replace into feed_pages (user_id, shelf, page, ids, etag, last_modified) values (?, ?, ?, ?, ?, ?)",
            feed.user_id,
            feed.shelf,
            number,
            json.dumps(page.ids),
            page.validators.etag,
            page.validators.last_modified,
        )

    def fingerprint(self, review_id: str) -> str | None:
        """The fingerprint of a review as it was captured; None if it was not."""
        row = self._state.execute(
            "select fingerprint from followed_reviews where review_id = ?", review_id
        ).fetchone()
        return row[0] if row else None

    def version(self, review_ids: Iterable[str], now: datetime) -> str:
        """The version of records captured now: greater than all versions of these reviews, even if the clock was set back."""
        moment = now.astimezone(UTC).replace(tzinfo=None)
        for review_id in review_ids:
            row = self._state.execute(
                "select version from followed_reviews where review_id = ?", review_id
            ).fetchone()
            if row:
                moment = max(moment, datetime.strptime(row[0], _VERSION) + timedelta(microseconds=1))  # noqa: DTZ007 - in UTC
        return moment.strftime(_VERSION)

    def captured(self, fingerprints: Mapping[str, str], version: str) -> None:
        """Note that reviews are in the spool, by their fingerprints, with this version."""
        for review_id, fingerprint in fingerprints.items():
            self._state.execute(
                "insert or replace into followed_reviews (review_id, fingerprint, version) values (?, ?, ?)",
                review_id,
                fingerprint,
                version,
            )


def oldest_version(spool: Path) -> datetime | None:
    """The version (UTC) of the review that has not changed for the longest time; None if no review was captured."""
    with opened(spool / "open" / "state.sqlite") as state:
        (version,) = state.execute("select min(version) from followed_reviews").fetchone()
    return datetime.strptime(version, _VERSION).replace(tzinfo=UTC) if version else None


def _mark(key: str) -> str:
    """By which another key is known, without keeping the key; empty for none."""
    return hashlib.blake2b(key.encode(), digest_size=_MARK_BYTES).hexdigest() if key else ""


def _look(text: str) -> Look:
    kept = json.loads(text)
    before = kept["before"]
    return Look(
        **{
            **kept,
            "pages": tuple(map(tuple, kept["pages"])),
            "before": None if before is None else tuple(map(tuple, before)),
        }
    )
