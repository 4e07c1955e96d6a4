"""Makes the records of the four datasets from an item of a shelf feed, and tells whether a review has changed.

A feed has less than the API: no number of an author (the id is made from the name), no votes, no comments, no edition of the book, nothing of
the reader but the name. What it lacks stays empty.
"""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from capture import ids
from capture.collector.records import at, text_of
from capture.emptying import possible_period
from capture.follower.feeds import Feed
from capture.follower.reading import Item
from capture.spool.spool import Record, Records
from capture.text import plain_text, without_series
from catalog import AUTHORS, BOOKS, DATASETS, REVIEWS, USERS, VERSION, Dataset

_SITE = "https://www.goodreads.com"
_DATE = "%a, %d %b %Y %H:%M:%S %z"
_API_DATE = "%a %b %d %H:%M:%S %z %Y"
_BETWEEN = "\x1f"  # of no text: XML forbids it
_ADDED = REVIEWS.column("review_added_date")
_FARTHEST = timedelta(hours=18)  # from UTC, as the pipeline's rules allow

Empty = Callable[[str, str], None]
"""Is told each value that becomes empty: its column, like `reviews.review_added_date`, and the text."""


def fingerprint(item: Item) -> str:
    """Equal for equal reviews: what the reader has said of the book, and when, and on which shelves it stands.

    All else changes by itself: the book's average rating with each rating, `pubDate` perhaps with each comment.
    """
    shelves = sorted(filter(None, (shelf.strip() for shelf in _words(item, "user_shelves").split(","))))
    said = (
        _book_id(item),
        *(_text(item, name) for name in ("user_rating", "user_read_at", "user_date_added")),
        _words(item, "user_review"),
        *shelves,
    )
    return hashlib.sha256(_BETWEEN.join(said).encode()).hexdigest()


def without_book(item: Item) -> str:
    """Why an item makes no record of its book; empty if it makes one.

    The newest record of a book counts whole, so one without a title would take the title of a known book away.
    """
    if _title(item):
        return ""
    return "the book has no title" if _book_id(item) else "the book has no number, no ISBN and no title"


def records_of(feed: Feed, items: Iterable[Item], version: str, now: datetime, empty: Empty) -> Records:
    """Reviews, their reader, and their books and authors, each once, all with the same version. The items were read at `now`.

    A moment of reading or shelving that cannot be is given to `empty`; any other impossible value stays, for the rules to judge.
    Of two items with the same book or author the first counts. A record without a key, like the author of a book without one, is left out,
    and so is a book without a title.
    """
    found: dict[str, dict[str, Record]] = {dataset.name: {} for dataset in DATASETS}
    for item in items:
        for dataset, values in _rows(feed, item, now, empty):
            row = dict.fromkeys(dataset.column_names, "") | values | {VERSION.name: version}
            if row[dataset.key]:
                found[dataset.name].setdefault(row[dataset.key], row)
    return {name: list(rows.values()) for name, rows in found.items()}


def _rows(feed: Feed, item: Item, now: datetime, empty: Empty) -> Iterable[tuple[Dataset, Record]]:
    author, book_id, title = _words(item, "author_name"), _book_id(item), _title(item)
    since = _since(item, now, empty)
    author_id = ids.of_author(author)
    author_key = "" if author_id is None else str(author_id)
    yield AUTHORS, {"author_id": author_key, "name": author}
    yield (
        BOOKS,
        {
            "book_id": book_id if title else "",
            "title": title,
            "title_without_series": without_series(title),
            "image_url": _text(item, "book_image_url"),
            "book_url": f"{_SITE}/book/show/{number}" if (number := _number_of_book(item)) else "",
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
            "review_added_date": since.strftime(_API_DATE) if since else "",
            "review_updated_date": _changed(_text(item, "pubDate"), since),
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


def _book_id(item: Item) -> str:
    """Goodreads' number of the book, or else an id made from ISBN, or from title and author (decision 61); empty if all are missing."""
    if number := _number_of_book(item):
        return number
    isbn = next((text for name in ("isbn13", "isbn") if ids.isbn_13(text := _text(item, name))), "")
    made = ids.of_book(isbn, _title(item), _words(item, "author_name"))
    return "" if made is None else str(made)


def _number_of_book(item: Item) -> str:
    return _text(item, "book_id") or _text(item, "book/@id")


def _title(item: Item) -> str:
    """The title; empty if it has nothing that can be seen."""
    title = _words(item, "title")
    return title if ids.tidied(title) else ""


def _text(item: Item, path: str) -> str:
    return text_of(at(item.element, path))


def _words(item: Item, path: str) -> str:
    return plain_text(_text(item, path))


def _since(item: Item, now: datetime, empty: Empty) -> datetime | None:
    """The later of the moments of reading and shelving: a review was not written before (decision 62); None if no possible moment is known."""
    first, last = possible_period(_ADDED, now)
    possible = []
    for text in (
        _text(item, "user_read_at"),
        _text(item, "user_date_added") or _text(item, "user_date_created"),
    ):
        moment = _moment(text)
        if moment and first <= moment <= last and abs(moment.utcoffset() or timedelta()) <= _FARTHEST:
            possible.append(moment)
        elif text:
            empty(f"{REVIEWS.name}.{_ADDED.name}", text)
    return max(possible, default=None)


def _changed(text: str, since: datetime | None) -> str:
    """The moment of the last change in the form of the API; a text that is no date unchanged, for the rules to judge.

    Empty if it is earlier than the review: then it is the moment of shelving.
    """
    moment = _moment(text)
    if moment is None:
        return text
    return "" if since and moment < since else moment.strftime(_API_DATE)


def _moment(text: str) -> datetime | None:
    """`Mon, 06 Mar 2017 12:02:40 -0800`, another date of RFC 822, or one in the form of the API; None for other texts."""
    for form in (_DATE, _API_DATE):
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 - both forms have a zone
    return _moment_of_mail(text)


def _moment_of_mail(text: str) -> datetime | None:
    """RSS has the dates of mail: without a weekday or seconds, with a zone by name. None without a zone, and without a year of four digits."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo and f"{found.year:04}" in text else None
