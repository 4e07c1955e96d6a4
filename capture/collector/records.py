"""Makes the records of the four datasets from Goodreads' answer to `review/show`, as xmltodict parsed it.

An element is None if it is empty, a str if it has only text, a mapping if it has attributes (`@type`) or children, and a list if there are
several elements of its name.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from capture.spool.spool import Record, Records
from capture.text import plain_text
from catalog import AUTHORS, BOOKS, REVIEWS, USERS, VERSION, Dataset

Element = Mapping[str, Any]

_REVIEW = {
    "review_id": "id",
    "user_id": "user/id",
    "book_id": "book/id",
    "author_id": "book/authors/author/id",
    "review_text": "body",
    "review_rating": "rating",
    "review_votes": "votes",
    "spoiler_flag": "spoiler_flag",
    "spoiler_state": "spoilers_state",
    "review_added_date": "date_added",
    "review_updated_date": "date_updated",
    "review_read_count": "read_count",
    "comments_count": "comments_count",
    "review_url": "url",
}
_USER = {
    "user_id": "id",
    "user_name": "name",
    "user_display_name": "display_name",
    "location": "location",
    "profile_link": "link",
    "uri": "uri",
    "user_image_url": "image_url",
    "small_image_url": "small_image_url",
    "has_image": "has_image",
}
_BOOK = {
    "book_id": "id",
    "title": "title",
    "title_without_series": "title_without_series",
    "image_url": "image_url",
    "book_url": "link",
    "num_pages": "num_pages",
    "format": "format",
    "edition_information": "edition_information",
    "publisher": "publisher",
    "publication_day": "publication_day",
    "publication_year": "publication_year",
    "publication_month": "publication_month",
    "average_rating": "average_rating",
    "ratings_count": "ratings_count",
    "description": "description",
    "authors": "authors/author/id",
    "published": "published",
}
_AUTHOR = {
    "author_id": "id",
    "name": "name",
    "role": "role",
    "profile_url": "link",
    "average_rating": "average_rating",
    "rating_count": "ratings_count",
    "text_review_count": "text_reviews_count",
}
_WORDS = {  # columns with people's words; all other values are taken unchanged, above all addresses
    "description",
    "edition_information",
    "format",
    "location",
    "name",
    "publisher",
    "review_text",
    "role",
    "title",
    "title_without_series",
    "user_display_name",
    "user_name",
}


def text_of(node: Any) -> str:
    """The text without spaces around it; empty if the element is empty, has `nil="true"`, or is missing."""
    match node:
        case str():
            return node.strip()
        case {"#text": str(text)}:
            return text.strip()
        case [first, *_]:
            return text_of(first)
        case _:
            return ""


def children(node: Any, name: str) -> list[Any]:
    """All child elements of that name; an empty list if there are none."""
    child = node.get(name) if isinstance(node, Mapping) else None
    if child is None:
        return []
    return child if isinstance(child, list) else [child]


def at(node: Any, path: str) -> Any:
    """The first element at a path like `user/id`; None if there is none."""
    for name in path.split("/"):
        node = next(iter(children(node, name)), None)
    return node


def records_of(review: Element, captured_at: datetime) -> Records:
    """One review, its user, its book, and each of the book's authors, all with the same `record_create_timestamp`.

    The review's `author_id` and the book's `authors` refer to the first author. A record without a key (for example the author of a book
    without authors) is left out. `captured_at` is in UTC.
    """
    version = captured_at.strftime("%Y-%m-%d %H:%M:%S.%f")
    authors = children(at(review, "book/authors"), "author")
    return {
        AUTHORS.name: _each_once(_rows(AUTHORS, authors, _AUTHOR, version)),
        BOOKS.name: _rows(BOOKS, [at(review, "book")], _BOOK, version),
        REVIEWS.name: _rows(REVIEWS, [review], _REVIEW, version),
        USERS.name: _rows(USERS, [at(review, "user")], _USER, version),
    }


def _rows(dataset: Dataset, elements: Iterable[Any], paths: Mapping[str, str], version: str) -> list[Record]:
    rows = [{column: _value(element, column, paths[column]) for column in paths} for element in elements]
    return [row | {VERSION.name: version} for row in rows if row[dataset.key]]


def _value(element: Any, column: str, path: str) -> str:
    text = text_of(at(element, path))
    return plain_text(text) if column in _WORDS else text


def _each_once(authors: list[Record]) -> list[Record]:
    """One record for each author: an author listed twice, with two roles, gets both roles."""
    merged: dict[str, Record] = {}
    for author in authors:
        known = merged.setdefault(author[AUTHORS.key], author)
        if author["role"] not in known["role"].split(", "):
            known["role"] = ", ".join(filter(None, (known["role"], author["role"])))
    return list(merged.values())
