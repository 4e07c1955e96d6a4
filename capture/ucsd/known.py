"""Remembers works, authors and users of one dump while the import reads the next; on disk, because there may be millions."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

_TABLES = """
    pragma journal_mode = off;
    pragma synchronous = off;
    create table year_of (work_id integer primary key, year integer not null);
    create table author_of (book_id integer primary key, author_id integer not null);
    create table users (user_id integer primary key);
    begin;
"""


class Known:
    """The works' first years, the authors of all books, and the users in the present dump. At the end they are deleted from the disk."""

    def __init__(self) -> None:
        # "" is a temporary file without a name. Another thread may use the connection: an upload to S3 reads the records in its own thread.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add_work(self, work_id: str, year: int) -> None:
        """Remember when a work was first published."""
        self._database.execute("insert or replace into year_of values (?, ?)", (work_id, year))

    def year_of(self, work_id: str) -> int | None:
        """When the work was first published; None if the work was not added."""
        cursor = self._database.execute("select year from year_of where work_id = ?", (work_id,))
        row = cursor.fetchone()
        return row[0] if row else None

    def add_book(self, book_id: str, author_id: str) -> None:
        """Remember the author of a book."""
        self._database.execute("insert or replace into author_of values (?, ?)", (book_id, author_id))

    def author_of(self, book_id: str) -> int | None:
        """The author of the book; None if the book was not added."""
        cursor = self._database.execute("select author_id from author_of where book_id = ?", (book_id,))
        row = cursor.fetchone()
        return row[0] if row else None

    def authors_by_book(self, book_ids: Iterable[int]) -> Mapping[int, int]:
        """The authors of those of the books that were added."""
        rows = self._database.execute(
            "select book_id, author_id from author_of where book_id in (select value from json_each(?))",
            (json.dumps(list(book_ids)),),
        )
        return dict(rows.fetchall())

    def authors_of(self, book_ids: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """The author of each of the books; 0 for a book that was not added."""
        rows = self._database.execute("select book_id, author_id from author_of order by book_id")
        books, authors = np.array(rows.fetchall(), np.uint64).reshape(-1, 2).T
        if not len(books):
            return np.zeros(len(book_ids), np.uint64)
        places = np.minimum(np.searchsorted(books, book_ids), len(books) - 1)
        return np.where(books[places] == book_ids, authors[places], np.uint64(0))

    def add_user(self, user_id: int) -> None:
        """Remember a user; a user that is known already changes nothing."""
        self._database.execute("insert or ignore into users values (?)", (user_id,))

    def add_users(self, user_ids: Iterable[int]) -> None:
        """Remember many users."""
        self._database.executemany("insert or ignore into users values (?)", ((each,) for each in user_ids))

    def users(self) -> Iterator[int]:
        """The ids of the users, ascending."""
        for row in self._database.execute("select user_id from users order by user_id"):
            yield row[0]

    def forget_users(self) -> None:
        """Forget all users, before the next dump."""
        self._database.execute("delete from users")
