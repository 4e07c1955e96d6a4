"""Shelf feeds (RSS): what Goodreads serves without a key, a page of a reader's reviews at a time."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from capture.simulated.answers import Answer, CData, With, document
from capture.simulated.model import SITE, Review

ALL = "#ALL#"
"""The name by which Goodreads calls all shelves of a reader."""

_RSS = "application/xml; charset=utf-8"
_DATE = "%a, %d %b %Y %H:%M:%S %z"
_NAMESPACES = {"version": "2.0", "xmlns:atom": "http://www.w3.org/2005/Atom"}
_META = {"xmlns:xhtml": "http://www.w3.org/1999/xhtml", "name": "robots", "content": "noindex"}
_FROM_FEED = "?utm_medium=api&utm_source=rss"


def on_shelf(reviews: Sequence[Review], shelf: str) -> list[Review]:
    """The reviews on a shelf, the last changed first."""
    found = [review for review in reviews if shelf in (ALL, review.shelf, *review.labels)]
    return sorted(found, key=lambda review: (review.updated, review.id), reverse=True)


def shelf_feed(user_id: int, shelf: str, shown: Sequence[Review]) -> bytes:
    """A page of a reader's shelf; a page without reviews has no `<item>`."""
    name = shown[0].user.name if shown else "A reader"
    link = f"{SITE}/review/list_rss/{user_id}?shelf={shelf}"
    title = f"{name}'s bookshelf: {shelf}"
    channel = {
        "xhtml:meta": With(_META),
        "title": title,
        "copyright": CData("Copyright (C) 2020 Goodreads Inc. All rights reserved."),
        "link": CData(link),
        "atom:link": With({"href": link, "rel": "self", "type": "application/rss+xml"}),
        "description": CData(title),
        "language": "en-US",
        "ttl": 60,
        "item": [_item(review) for review in shown],
    }
    return document("rss", With(_NAMESPACES, {"channel": channel}))


def _item(review: Review) -> dict[str, Any]:
    book, address = review.book, f"{review.link}{_FROM_FEED}"
    return {
        "guid": CData(address),
        "pubDate": CData(_date(review.updated)),
        "title": CData(book.title),
        "link": CData(address),
        "book_id": book.id,
        "book_image_url": CData(book.image_url("m")),
        "book_small_image_url": CData(book.image_url("s")),
        "book_medium_image_url": CData(book.image_url("m")),
        "book_large_image_url": CData(book.image_url("l")),
        "book_description": CData(book.description.html),
        "book": With({"id": str(book.id)}, {"num_pages": book.num_pages}),
        "author_name": book.authors[0].name,
        "isbn": book.isbn13,
        "user_name": review.user.name,
        "user_rating": review.rating,
        "user_read_at": CData(_date(review.read_at)) if review.read_at else None,
        "user_date_added": CData(_date(review.added)),
        "user_date_created": CData(_date(review.added)),
        "user_shelves": ", ".join(([] if review.shelf == "read" else [review.shelf]) + list(review.labels)),
        "user_review": CData(review.body.html) if review.body.html else None,
        "average_rating": book.average_rating,
        "book_published": book.publication[0],
        "description": CData(f'<a href="{book.link}">{book.title}</a><br/>author: {book.authors[0].name}'),
    }


def _date(moment: datetime) -> str:
    return moment.strftime(_DATE)


def answer_to(body: bytes, changed: datetime | None, headers: Mapping[str, str]) -> Answer:
    """The page, or 304 if the client has it already: it then sends the page's ETag or, without one, its Last-Modified."""
    validators = {"ETag": f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'}
    if changed:
        validators["Last-Modified"] = format_datetime(changed)
    if _has_it(validators, changed, headers):
        return Answer(HTTPStatus.NOT_MODIFIED, b"", _RSS, validators)
    return Answer(HTTPStatus.OK, body, _RSS, validators)


def _has_it(validators: Mapping[str, str], changed: datetime | None, headers: Mapping[str, str]) -> bool:
    if tag := headers.get("If-None-Match"):
        return tag == validators["ETag"]
    since = _moment(headers.get("If-Modified-Since", ""))
    return bool(since and changed and since >= changed)


def _moment(text: str) -> datetime | None:
    """A date of HTTP; None for another text, as HTTP wants it."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else None
