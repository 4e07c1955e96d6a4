"""The reviews that were seen in the feed, and which of them the collector must still fetch."""

from collections.abc import Sequence
from dataclasses import dataclass

from capture.spool.state import State

_REMEMBERED = (
    100_000  # reviews; the feed shows about thirty, so a review that left it long ago cannot come back
)
_ATTEMPTS = 10


@dataclass(frozen=True)
class Notice:
    """The result of a look at the feed: the number of new reviews, and whether it showed none of the reviews seen before."""

    new: int
    is_gap: bool


class Backlog:
    """The reviews of a spool's state. A review is *waiting* until it is *captured*, *gone* or *given up*."""

    def __init__(self, state: State, first_pause: float = 60) -> None:
        self._state = state
        self._first_pause = first_pause

    def notice(self, newest_first: Sequence[str]) -> Notice:
        """Remember the reviews of the feed; new reviews are waiting from now on, in the order of their publication."""
        with self._state.transaction():
            seen_before = self._count("select count(*) from reviews")
            for review_id in reversed(newest_first):
                self._state.execute("insert or ignore into reviews (review_id) values (?)", review_id)
            new = self._count("select count(*) from reviews") - seen_before
            self._forget()
        return Notice(new, is_gap=bool(seen_before) and 0 < len(set(newest_first)) == new)

    def next(self, now: float) -> str | None:
        """Of the waiting reviews that are due, the one published first; None if none is due."""
        row = self._state.execute(
            "select review_id from reviews where status = 'waiting' and due <= ? order by position limit 1",
            now,
        ).fetchone()
        return row[0] if row else None

    def next_due(self) -> float | None:
        """When the next waiting review is due, in seconds since 1970; None if none waits."""
        due: float | None = self._state.execute(
            "select min(due) from reviews where status = 'waiting'"
        ).fetchone()[0]
        return due

    def captured(self, review_id: str) -> None:
        """Note that the review is in the spool."""
        self._settle(review_id, "captured", "")

    def gone(self, review_id: str, reason: str) -> None:
        """Note that Goodreads no longer has the review."""
        self._settle(review_id, "gone", reason)

    def postpone(self, review_id: str, reason: str, now: float) -> float | None:
        """Note that the review failed, through its own fault, and put it off: each time for twice as long.

        Returns when the review is due again, in seconds since 1970, or None if it is given up.
        """
        (attempts,) = self._state.execute(
            "update reviews set attempts = attempts + 1 where review_id = ? returning attempts", review_id
        ).fetchone()
        if attempts >= _ATTEMPTS:
            self._settle(review_id, "given up", reason)
            return None
        due: float = now + self._first_pause * 2 ** (attempts - 1)
        self._state.execute(
            "update reviews set due = ?, reason = ? where review_id = ?", due, reason, review_id
        )
        return due

    def again(self) -> int:
        """Let all reviews that were given up wait again; returns their number."""
        return self._state.execute(
            "update reviews set status = 'waiting', attempts = 0, due = 0 where status = 'given up'"
        ).rowcount

    def counts(self) -> dict[str, int]:
        """The number of reviews by status."""
        return dict(self._state.execute("select status, count(*) from reviews group by status").fetchall())

    def _settle(self, review_id: str, status: str, reason: str) -> None:
        self._state.execute(
            "update reviews set status = ?, reason = ? where review_id = ?", status, reason, review_id
        )

    def _forget(self) -> None:
        self._state.execute(
            "delete from reviews where status in ('captured', 'gone')"
            " and position <= (select max(position) from reviews) - ?",
            _REMEMBERED,
        )

    def _count(self, question: str) -> int:
        count: int = self._state.execute(question).fetchone()[0]
        return count
