"""A submitted statement, or batch of them, and what became of it."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local_cloud.redshift.errors import invalid
from local_cloud.redshift.sub_statements import SubStatement, now
from local_cloud.redshift.warehouse import Transaction

TERMINAL = {"ABORTED", "FAILED", "FINISHED"}


@dataclass
class Statement:
    """What one request submitted. `request` is that request; `done` is set once the status is terminal."""

    id: str
    request: dict[str, Any]
    is_batch: bool
    subs: list[SubStatement]
    status: str = "SUBMITTED"
    error: str | None = None
    duration: int = -1
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    done: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False
    _transaction: Transaction | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: int = 0

    @property
    def parameters(self) -> dict[str, str]:
        """Values by name, as the caller gave them."""
        return {parameter["name"]: parameter["value"] for parameter in self.request.get("Parameters") or ()}

    def pick(self) -> bool:
        """Claim it for running; False if it was cancelled while it waited."""
        with self._lock:
            if self.status in TERMINAL:
                return False
            self._move("PICKED")
            return True

    def start(self, transaction: Transaction) -> None:
        """From now on a cancellation interrupts `transaction`."""
        with self._lock:
            self._transaction = transaction
            self._started = time.monotonic_ns()
            self._move("STARTED")

    def detach(self) -> None:
        """A cancellation has nothing to interrupt any more."""
        with self._lock:
            self._transaction = None

    def commit(self, transaction: Transaction) -> bool:
        """Commit, or do nothing and answer False if it was cancelled: never half of each."""
        with self._lock:
            if self.cancelled:
                return False
            transaction.commit()
            self._end("FINISHED")
            return True

    def fail(self, error: str) -> None:
        """FAILED for the given reason."""
        with self._lock:
            self._end("FAILED", error)

    def abort(self) -> None:
        """ABORTED, with whatever has not ended."""
        with self._lock:
            self._abort()

    def cancel(self) -> None:
        """Ask it to stop; ValidationException if it has ended."""
        with self._lock:
            if self.status in TERMINAL:
                raise invalid(
                    f"Could not cancel a query that is already in {self.status} state with ID: {self.id}"
                )
            self.cancelled = True
            if self.status == "SUBMITTED":
                self._abort()

    def interrupt(self) -> None:
        """Stop what it is running."""
        with self._lock:
            if self._transaction:
                self._transaction.interrupt()

    def _abort(self) -> None:
        for sub in self.subs:
            if sub.status not in TERMINAL:
                sub.end("ABORTED")
        self._end("ABORTED")

    def _end(self, status: str, error: str | None = None) -> None:
        self.error = error
        self.duration = time.monotonic_ns() - self._started if self._started else -1
        self._move(status)
        self.done.set()

    def _move(self, status: str) -> None:
        self.status = status
        self.updated_at = now()

    def describe(self) -> dict[str, Any]:
        """DescribeStatementResponse of the Data API."""
        echoed = ("ClusterIdentifier", "WorkgroupName", "Database", "DbUser", "SecretArn")
        own = {
            "Id": self.id,
            "Status": self.status,
            "Error": self.error,
            "Duration": self.duration,
            "CreatedAt": self.created_at,
            "UpdatedAt": self.updated_at,
            "QueryParameters": self.request.get("Parameters"),
            "ResultFormat": "JSON",
            **{name: self.request.get(name) for name in echoed},
        }
        described = [sub.describe() for sub in self.subs]
        if self.is_batch:
            has_result = any(sub["HasResultSet"] for sub in described)
            more = {
                "HasResultSet": has_result,
                "ResultRows": -1,
                "ResultSize": -1,
                "SubStatements": described,
            }
        else:
            more = described[0]
        return {name: value for name, value in {**more, **own}.items() if value is not None}
