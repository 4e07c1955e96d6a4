"""Two deliveries of landing files: small, and with everything in them that a run tells apart."""

import gzip
from collections.abc import Mapping

from catalog import BOOKS, REVIEWS, USERS
from tests.e2e.records import EVENING, MORNING, NOON, author, csv_file

Delivery = Mapping[str, bytes]


def _book(book_id: int | str, title: str, captured: str, **more: str) -> dict[str, str]:
    return {"book_id": str(book_id), "title": title, "record_create_timestamp": captured, **more}


def _review(review_id: int, stars: str, captured: str, about: int = 1, **more: str) -> dict[str, str]:
    subject = {"author_id": str(about), "book_id": str(10 * about)}
    captured_at = {"review_rating": stars, "record_create_timestamp": captured}
    return {"review_id": str(review_id), "user_id": "7", **subject, **captured_at, **more}


def _user(user_id: int, name: str, captured: str, **more: str) -> dict[str, str]:
    return {"user_id": str(user_id), "user_name": name, "record_create_timestamp": captured, **more}


FIRST: Delivery = {
    "author.csv": csv_file([author(1, "one", NOON), author(2, "two", NOON), author(3, "three", EVENING)]),
    "book.csv": csv_file([_book(10, "ten", NOON), _book(20, "twenty", NOON)], BOOKS),
    "reviews.csv": csv_file([_review(100, "4", NOON), _review(101, "5", NOON, 2)], REVIEWS),
    "user.csv": csv_file([_user(7, "seven", NOON)], USERS),
}
"""Fills the warehouse."""

SECOND: Delivery = {
    "authors/late.csv": csv_file(
        [
            author(1, "late, so stale", MORNING),
            author(2, "two", NOON),  # what the warehouse has already
            author(3, "three again", "2020-02-20 08:00:00"),
            author(4, "four", MORNING),
        ]
    ),
    "authors/more.csv.gz": gzip.compress(
        csv_file(
            [
                author(4, "four, newer", NOON),
                author(4, "four, a tie", NOON),
                author(5, "too good", NOON, average_rating="9.5"),
                author("six", "no number", NOON),
            ]
        ),
        mtime=0,
    ),
    "book.csv": csv_file(
        [
            _book(10, "ten, newer", EVENING),
            _book(30, 'thirty, "quoted"\nin two lines', NOON),
            _book(31, "31", NOON),
            _book(32, "32", NOON),
            _book(33, "33", NOON),
        ],
        BOOKS,
    ),
    "books/rejects.csv": csv_file([_book(40, "x" * 1025, NOON), _book(50, "no time", "")], BOOKS)
    + b"60,short\n",
    "reviews/1.csv": csv_file(
        [_review(100, "1", EVENING), _review(102, "3", NOON, 4), _review(103, "2", NOON, 3)], REVIEWS
    ),
    "reviews/2.csv": csv_file(
        [_review(101, "2", MORNING, 2), _review(104, "5", "2019-01-01 00:00:00", 1)], REVIEWS
    ),
    "reviews/lacks-columns.csv": b"review_id,user_id\n1,2\n",
    "user.csv": csv_file(
        [_user(7, "seven, newer", EVENING), _user(8, "eight", NOON), _user(8, "eight", NOON)], USERS
    ),
    "users/nothing.csv": b"",
    "users/2.csv": csv_file([_user(7, "seven, late", MORNING)], USERS),
    "readme.txt": b"hello",
}
"""Late, repeated and newer versions, a tie, rejects of several kinds, unusable and empty files, gzip."""

UNUSABLE: Delivery = {
    key: SECOND[key] for key in ("readme.txt", "reviews/lacks-columns.csv", "users/nothing.csv")
}
"""Files that hold no rows for the warehouse."""

FILES_PER_TASK = 6
"""Makes two copy batches of the second delivery."""
