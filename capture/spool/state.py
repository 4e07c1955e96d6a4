"""The collector's memory: an SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_SCHEMA = Path(__file__).with_name("state.sql")


class State:
    """A connection; outside of `transaction`, each statement is its own transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, *values: str | float) -> sqlite3.Cursor:
        """Execute one statement with bound values."""
        return self._connection.execute(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Context manager: all statements inside take effect, or none, even after a crash or a loss of power."""
        self.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.execute("rollback")
            raise
        self.execute("commit")


@contextmanager
def opened(path: Path | str) -> Iterator[State]:
    """Context manager: the state in the file, which is made if it is missing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = wal")  # one flush to the disk for each commit
        connection.execute("pragma synchronous = full")
        connection.executescript(_SCHEMA.read_text(encoding="utf-8"))
        yield State(connection)
