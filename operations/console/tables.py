"""The tables, and a query of them: as a database user who may only read, so that Redshift itself refuses everything else."""

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import sqlglot
from sqlglot import exp

from operations.errors import OperationError
from operations.readers import Action, change
from operations.warehouse import Warehouse, administrated
from sql import rights

USER = "console"

MOST_ROWS = 1000
PREVIEW_ROWS = 50
LONGEST_SECONDS = 20.0
MOST_AT_ONCE = 3
"""Queries of the console that run at the same time: the rest of the warehouse's sessions are the pipeline's."""


@dataclass(frozen=True)
class Table:
    schema: str
    name: str
    columns: int


@dataclass(frozen=True)
class Answer:
    """The rows of a query as texts, None for NULL; `more` if the query has more rows."""

    columns: list[str]
    rows: list[list[str | None]]
    more: bool
    seconds: float


class Tables:
    """What the console's user may read. The user is made when somebody first asks."""

    def __init__(self, *, timeout: float = LONGEST_SECONDS, at_once: int = MOST_AT_ONCE) -> None:
        self._timeout = timeout
        self._made: set[str] = set()
        self._making = threading.Lock()
        self._at_once = at_once
        self._room = threading.BoundedSemaphore(at_once)

    def all(self) -> list[Table]:
        """The tables of the warehouse and of the analytics."""
        _, rows = self._reader().run(rights.readable_tables())
        return [Table(schema, name, columns) for schema, name, columns in rows]

    def preview(self, schema: str, name: str) -> Answer:
        """The first rows of a table; KeyError if there is no such table."""
        if (schema, name) not in {(table.schema, table.name) for table in self.all()}:
            raise KeyError(f"{schema}.{name}")
        return self.query(rights.preview(f"{schema}.{name}", PREVIEW_ROWS))

    def query(self, sql: str) -> Answer:
        """The first rows of what a query returns.

        OperationError if Redshift refuses it, if it takes too long, or if too many queries run already.
        """
        if not sql.strip():
            raise OperationError("there is no query; expected one in Redshift SQL, such as: select 1")
        with ExitStack() as stack:
            if not self._room.acquire(blocking=False):
                raise OperationError(
                    f"{self._at_once} queries of the console are running: wait for one of them, or until its time is over ({self._timeout:g} s)"
                )
            stack.callback(self._room.release)
            begun = time.monotonic()
            columns, rows = self._reader().run(_bounded(sql))
            return _answer(columns, rows, time.monotonic() - begun)

    def _reader(self) -> Warehouse:
        administrator = administrated(timeout=self._timeout)
        with self._making:
            if administrator.cluster not in self._made:
                change(administrator, Action.ADD, USER)
                self._made.add(administrator.cluster)
        return replace(administrator, user=USER)


def _bounded(sql: str) -> str:
    """The query with a limit, if it is one: the Data API would keep all rows in memory, for a day. Redshift tells what is wrong with the others."""
    try:
        statements = sqlglot.parse(sql, read="redshift")
    except sqlglot.ParseError:
        return sql
    if len(statements) != 1 or not isinstance(query := statements[0], exp.Query):
        return sql
    limit = query.args.get("limit")
    if limit is not None and _number(limit.expression) <= MOST_ROWS:
        return sql
    return query.limit(MOST_ROWS + 1).sql(dialect="redshift")


def _number(limit: Any) -> float:
    return int(limit.this) if isinstance(limit, exp.Literal) and limit.is_int else float("inf")


def _answer(columns: list[str], rows: Sequence[tuple[Any, ...]], seconds: float) -> Answer:
    texts = [
        [None if value is None else str(value) for value in row] for row in rows[:MOST_ROWS]
    ]  # a browser would round large numbers
    return Answer(columns, texts, len(rows) > MOST_ROWS, round(seconds, 3))
