"""A submitted statement or batch: its status, and how it runs to its end."""

import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
from sqlglot import exp

from local_cloud.identity import Principal
from local_cloud.redshift.alter_table import changes_type
from local_cloud.redshift.errors import SqlError, invalid
from local_cloud.redshift.sql.parsing import parse
from local_cloud.redshift.warehouse import Outcome, Transaction, Warehouse

_logger = logging.getLogger(__name__)

_TERMINAL = {"ABORTED", "FAILED", "FINISHED"}


def _now() -> datetime:
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
    created_at: datetime = field(default_factory=_now)
    updated_at: datetime = field(default_factory=_now)
    _started: int = 0

    def start(self) -> None:
        """Start the clock."""
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
        self.updated_at = _now()

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


@dataclass
class Statement:
    """The statements of one request. `request` is the request, `owner` made it, `user` is the database user, None for the superuser.

    `done` is set once the status is terminal.
    """

    id: str
    request: dict[str, Any]
    is_batch: bool
    subs: list[SubStatement]
    owner: Principal | None = None
    user: str | None = None
    status: str = "SUBMITTED"
    error: str | None = None
    duration: int = -1
    created_at: datetime = field(default_factory=_now)
    updated_at: datetime = field(default_factory=_now)
    done: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False
    _transaction: Transaction | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: int = 0

    @property
    def parameters(self) -> dict[str, str]:
        """The caller's values by name."""
        return {parameter["name"]: parameter["value"] for parameter in self.request.get("Parameters") or ()}

    def pick(self) -> bool:
        """Claim the statement for running; False if somebody cancelled it while it waited."""
        with self._lock:
            if self.status in _TERMINAL:
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
        """From now on a cancellation interrupts nothing."""
        with self._lock:
            self._transaction = None

    def commit(self, transaction: Transaction) -> bool:
        """Commit; or do nothing and return False if it was cancelled. Never half of each."""
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
        """Set the status of all unfinished parts to ABORTED."""
        with self._lock:
            self._abort()

    def cancel(self) -> None:
        """Ask the statement to stop; ValidationException if it has ended."""
        with self._lock:
            if self.status in _TERMINAL:
                raise invalid(
                    f"Could not cancel a query that is already in {self.status} state with ID: {self.id}"
                )
            self.cancelled = True
            if self.status == "SUBMITTED":
                self._abort()

    def interrupt(self) -> None:
        """Interrupt the running transaction."""
        with self._lock:
            if self._transaction:
                self._transaction.interrupt()

    def _abort(self) -> None:
        for sub in self.subs:
            if sub.status not in _TERMINAL:
                sub.end("ABORTED")
        self._end("ABORTED")

    def _end(self, status: str, error: str | None = None) -> None:
        self.error = error
        self.duration = time.monotonic_ns() - self._started if self._started else -1
        self._move(status)
        self.done.set()

    def _move(self, status: str) -> None:
        self.status = status
        self.updated_at = _now()

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


def run(statement: Statement, warehouse: Warehouse) -> None:
    """Run the statement until it is FINISHED, FAILED or ABORTED; a batch takes effect as a whole or not at all."""
    if not statement.pick():
        return
    try:
        finished = _run_all(statement, warehouse)
    except SqlError as error:
        _fail(statement, f"{error.severity}: {error}")
    except duckdb.InterruptException:
        statement.abort()
    except Exception as error:  # no caller would see an error of this thread: the status must become terminal
        _logger.exception("statement %s", statement.id)
        _fail(statement, f"ERROR: internal error of the local warehouse: {error!r}")
    else:
        if not finished:
            statement.abort()


def _run_all(statement: Statement, warehouse: Warehouse) -> bool:
    parameters = statement.parameters
    with warehouse.transaction(statement.user) as transaction:
        statement.start(transaction)
        try:
            for sub in statement.subs:
                if statement.cancelled:
                    return False
                _run_one(statement, sub, transaction, parameters)
            return statement.commit(transaction)
        finally:
            statement.detach()


def _run_one(
    statement: Statement, sub: SubStatement, transaction: Transaction, parameters: dict[str, str]
) -> None:
    sub.start()
    tree = parse(sub.sql) if statement.is_batch else None
    if changes_type(tree):
        raise SqlError("ALTER TABLE ALTER COLUMN cannot run inside a transaction block")
    if isinstance(tree, exp.TruncateTable):
        raise SqlError(
            "TRUNCATE commits the transaction it runs in, so a batch with one is not all or nothing on Redshift; "
            "use DELETE FROM"
        )
    sub.end("FINISHED", outcome=transaction.run(sub.sql, parameters))


def _fail(statement: Statement, reason: str) -> None:
    # A failed commit counts as a failure of the last statement.
    number, failed = next(
        ((n, sub) for n, sub in enumerate(statement.subs, 1) if sub.status != "FINISHED"),
        (len(statement.subs), statement.subs[-1]),
    )
    failed.end("FAILED", error=reason)
    for later in statement.subs[number:]:
        later.end("ABORTED", error="Connection or an prior query failed.")
    prefix = f"Query #{number} failed with " if statement.is_batch else ""
    statement.fail(f"{prefix}{reason}")
