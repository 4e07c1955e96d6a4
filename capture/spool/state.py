"""The collector's memory: an SQLite file whose transactions say what has happened."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_SCHEMA = Path(__file__).with_name("state.sql")


class State:
    """One connection; each statement is a transaction of its own except within `transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, *values: str | float) -> sqlite3.Cursor:
        """One statement with its bound values."""
        return self._connection.execute(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is executed within, or nothing: after a crash too, and after a loss of power."""
        self.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.execute("rollback")
            raise
        self.execute("commit")


@contextmanager
def opened(path: Path | str) -> Iterator[State]:
    """The state in that file, which is made if there is none."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = wal")  # one flush to the disk for each commit
        connection.execute("pragma synchronous = full")
        connection.executescript(_SCHEMA.read_text(encoding="utf-8"))
        yield State(connection)
