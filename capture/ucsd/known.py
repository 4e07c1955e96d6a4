"""What an import remembers of one dump while it reads the next: on disk, for there may be millions."""

import sqlite3
from collections.abc import Iterator
from typing import Self

_TABLES = """
    pragma journal_mode = off;
    pragma synchronous = off;
    create table author_of (book_id integer primary key, author_id integer not null);
    create table users (user_id integer primary key);
    begin;
"""


class Known:
    """The authors of the books, and the users of the dump that is being read. Removed from the disk at the end."""

    def __init__(self) -> None:
        # A file of its own, without a name. An upload to S3 draws the records from a thread of its own, one at a time.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add_book(self, book_id: str, author_id: str) -> None:
        """Remember who wrote a book."""
        self._database.execute("insert or replace into author_of values (?, ?)", (book_id, author_id))

    def author_of(self, book_id: str) -> int | None:
        """The author of a book that was added; None for another."""
        cursor = self._database.execute("select author_id from author_of where book_id = ?", (book_id,))
        row = cursor.fetchone()
        return row[0] if row else None

    def add_user(self, user_id: int) -> None:
        """Remember a user; again for one that is known changes nothing."""
        self._database.execute("insert or ignore into users values (?)", (user_id,))

    def users(self) -> Iterator[int]:
        """The ids of the users, ascending."""
        for row in self._database.execute("select user_id from users order by user_id"):
            yield row[0]

    def forget_users(self) -> None:
        """Begin with the users of another dump."""
        self._database.execute("delete from users")
