"""Makes the records of the four datasets from an item of a shelf feed, and tells whether a review has changed.

A feed has less than the API: no number of an author (the id is made from the name), no votes, no comments, no edition of the book, nothing of
the reader but the name. What it lacks stays empty.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime

from capture import ids
from capture.collector.records import at, text_of
from capture.follower.feeds import Feed
from capture.follower.reading import Item
from capture.spool.spool import Record, Records
from capture.text import plain_text
from catalog import AUTHORS, BOOKS, DATASETS, REVIEWS, USERS, VERSION, Dataset

_SITE = "https://www.goodreads.com"
_DATE = "%a, %d %b %Y %H:%M:%S %z"
_API_DATE = "%a %b %d %H:%M:%S %z %Y"
_BETWEEN = "\x1f"  # of no text: XML forbids it


def fingerprint(item: Item) -> str:
    """Equal for equal reviews: what the reader has said of the book, and when, and on which shelves it stands.

    All else changes by itself: the book's average rating with each rating, `pubDate` perhaps with each comment.
    """
    shelves = sorted(filter(None, (shelf.strip() for shelf in _words(item, "user_shelves").split(","))))
    said = (
        *(_text(item, name) for name in ("book_id", "user_rating", "user_read_at", "user_date_added")),
        _words(item, "user_review"),
        *shelves,
    )
    return hashlib.sha256(_BETWEEN.join(said).encode()).hexdigest()


def records_of(feed: Feed, items: Iterable[Item], version: str) -> Records:
    """Reviews, their reader, and their books and authors, each once, all with the same version.

    Of two items with the same book or author the first counts. A record without a key, like the author of a book without one, is left out.
    """
    found: dict[str, dict[str, Record]] = {dataset.name: {} for dataset in DATASETS}
    for item in items:
        for dataset, values in _rows(feed, item):
            row = dict.fromkeys(dataset.column_names, "") | values | {VERSION.name: version}
            if row[dataset.key]:
                found[dataset.name].setdefault(row[dataset.key], row)
    return {name: list(rows.values()) for name, rows in found.items()}


def _rows(feed: Feed, item: Item) -> Iterable[tuple[Dataset, Record]]:
    author, book_id = _words(item, "author_name"), _text(item, "book_id")
    author_id = ids.of_author(author)
    author_key = "" if author_id is None else str(author_id)
    yield AUTHORS, {"author_id": author_key, "name": author}
    yield (
        BOOKS,
        {
            "book_id": book_id,
            "title": _words(item, "title"),
            "image_url": _text(item, "book_image_url"),
            "book_url": f"{_SITE}/book/show/{book_id}",
            "num_pages": _text(item, "book/num_pages"),
            "average_rating": _text(item, "average_rating"),
            "description": _words(item, "book_description"),
            "authors": author_key,
            "published": _text(item, "book_published"),
        },
    )
    yield (
        REVIEWS,
        {
            "review_id": item.review_id,
            "user_id": feed.user_id,
            "book_id": book_id,
            "author_id": author_key,
            "review_text": _words(item, "user_review"),
            "review_rating": _text(item, "user_rating"),
            "review_added_date": _date(_text(item, "user_date_added") or _text(item, "user_date_created")),
            "review_updated_date": _date(_text(item, "pubDate")),
            "review_url": f"{_SITE}/review/show/{item.review_id}",
        },
    )
    name = _words(item, "user_name")
    yield (
        USERS,
        {
            "user_id": feed.user_id,
            "user_name": name,
            "user_display_name": name,
            "profile_link": f"{_SITE}/user/show/{feed.user_id}",
        },
    )


def _text(item: Item, path: str) -> str:
    return text_of(at(item.element, path))


def _words(item: Item, path: str) -> str:
    return plain_text(_text(item, path))


def _date(text: str) -> str:
    """`Mon, 06 Mar 2017 12:02:40 -0800`, or another date of RFC 822, in the form of the API; any other text unchanged, for the rules to judge."""
    found = _moment(text)
    return found.strftime(_API_DATE) if found else text


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _DATE)  # noqa: DTZ007 - the form has a zone
    except ValueError:
        return _moment_of_mail(text)


def _moment_of_mail(text: str) -> datetime | None:
    """RSS has the dates of mail: without a weekday or seconds, with a zone by name. None without a zone, and without a year of four digits."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo and f"{found.year:04}" in text else None
