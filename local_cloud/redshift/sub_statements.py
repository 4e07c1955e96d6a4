"""One SQL text of a request and how it went."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_cloud.redshift.warehouse import Outcome


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


@dataclass
class SubStatement:
    """One SQL text. `duration` in nanoseconds, -1 until it ends."""

    id: str
    sql: str
    status: str = "SUBMITTED"
    error: str | None = None
    outcome: Outcome = field(default_factory=lambda: Outcome(rows=-1))
    duration: int = -1
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    _started: int = 0

    def start(self) -> None:
        """Begin to measure."""
        self._started = time.monotonic_ns()
        self._move("STARTED")

    def end(self, status: str, *, outcome: Outcome | None = None, error: str | None = None) -> None:
        """Record how it ended."""
        self.outcome = outcome or self.outcome
        self.error = error
        self.duration = time.monotonic_ns() - self._started if self._started else -1
        self._move(status)

    def _move(self, status: str) -> None:
        self.status = status
        self.updated_at = now()

    def describe(self) -> dict[str, Any]:
        """SubStatementData of the Data API."""
        result = self.outcome.result
        described = {
            "Id": self.id,
            "QueryString": self.sql,
            "Status": self.status,
            "Error": self.error,
            "HasResultSet": result is not None,
            "ResultRows": self.outcome.rows,
            "ResultSize": result.size if result else -1 if self.outcome.rows < 0 else 0,
            "Duration": self.duration,
            "CreatedAt": self.created_at,
            "UpdatedAt": self.updated_at,
        }
        return {name: value for name, value in described.items() if value is not None}
