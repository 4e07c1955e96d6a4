"""Goodreads' answers in the shape they had in 2020: see review_list.xml for a real one.

They are XML from Python values, with CDATA sections where Goodreads has them, which xmltodict cannot write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from xml.dom.minidom import Document, Element

from capture.simulated.model import Author, Book, Review, User

_INTEGER = {"type": "integer"}
_FEED_TEXT = 300  # characters of a review in recent_reviews; review/show has the whole text


@dataclass(frozen=True)
class Answer:
    """An answer: status, body, content type and further headers."""

    status: HTTPStatus
    body: bytes
    content_type: str = "application/xml; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CData:
    """A text that is to be written as `<![CDATA[...]]>`."""

    text: str


@dataclass(frozen=True)
class With:
    """Content of an element that has attributes."""

    attributes: Mapping[str, str]
    content: Any = field(default=None)


def document(root: str, content: Any) -> bytes:
    """An indented XML document in UTF-8.

    The content is None (an empty element), a str, int or Decimal, CData, a mapping of child elements, or With one of these; a list
    as a child's content makes the child once for each item.
    """
    made = Document()
    made.appendChild(_element(made, root, content))
    return made.toprettyxml(indent="  ", encoding="UTF-8")


def _element(made: Document, tag: str, content: Any) -> Element:
    element = made.createElement(tag)
    if isinstance(content, With):
        for name, value in content.attributes.items():
            element.setAttribute(name, value)
        content = content.content
    if isinstance(content, Mapping):
        for child, inner in content.items():
            for each in inner if isinstance(inner, Sequence) and not isinstance(inner, str) else [inner]:
                element.appendChild(_element(made, child, each))
    elif isinstance(content, CData):
        for part in _cdata_parts(content.text):
            element.appendChild(made.createCDATASection(part))
    elif content is not None and content != "":
        element.appendChild(made.createTextNode(str(content)))
    return element


def _cdata_parts(text: str) -> list[str]:
    """The text, split inside each `]]>`, because that would end the section."""
    first, *others = text.split("]]>")
    parts = [first, *(f">{other}" for other in others)]
    return [part + "]]" for part in parts[:-1]] + parts[-1:]


def recent_reviews(reviews: Sequence[Review]) -> bytes:
    """`review/recent_reviews.xml`: texts are cut short; without reviews it has no `<review>`."""
    shown = [_review(review, _shortened(review.body.plain)) for review in reviews]
    return _response("review_recent_reviews", {"reviews": {"review": shown}})


def review_show(review: Review) -> bytes:
    """`review/show.xml`: the review with the user, the book and all its authors."""
    comments = With({"start": "1", "end": "0", "total": str(review.comments_count)})
    shown = _review(review, f"\n    {review.body.html}\n  ") | {"comments": comments}
    return _response("review_show", {"review": shown})


def book_show(book: Book) -> bytes:
    """`book/show`."""
    shelves = [With({"name": name, "count": "1"}) for name in ("to-read", "read")]
    return _response("book_show", {"book": _book(book) | {"popular_shelves": {"shelf": shelves}}})


def author_show(author: Author, books: Sequence[Book]) -> bytes:
    """`author/show`, with the author's books; it has neither ratings nor a role."""
    shown = {
        "id": author.id,
        "name": author.name,
        "link": CData(author.link),
        "fans_count": With(_INTEGER, author.ratings_count // 100),
        "image_url": CData(author.image_url("p5")),
        "small_image_url": CData(author.image_url("p2")),
        "about": CData(""),
        "works_count": len(books),
        "gender": None,
        "hometown": None,
        "born_at": None,
        "died_at": None,
        "books": {"book": [_book(book) for book in books]},
    }
    return _response("author_show", {"author": shown})


def user_show(user: User) -> bytes:
    """`user/show`."""
    shown = {
        "id": user.id,
        "name": user.display_name,
        "user_name": user.name,
        "link": CData(user.link),
        "image_url": CData(user.image_url("p3")),
        "small_image_url": CData(user.image_url("p2")),
        "about": None,
        "location": user.location,
    }
    return _response("user_show", {"user": shown})


def _response(method: str, content: dict[str, Any]) -> bytes:
    request = {"authentication": "true", "key": CData("<my-api-key>"), "method": CData(method)}
    return document("GoodreadsResponse", {"Request": request, **content})


def _review(review: Review, body: str) -> dict[str, Any]:
    shelf = {"exclusive": "true", "id": "22289196", "name": "read", "sortable": "true"}
    return {
        "id": review.id,
        "user": _user(review.user),
        "book": _book(review.book),
        "rating": review.rating,
        "votes": review.votes,
        "spoiler_flag": _flag(review.has_spoilers),
        "spoilers_state": "none",
        "shelves": {"shelf": With(shelf)},
        "recommended_for": CData(""),
        "recommended_by": CData(""),
        "started_at": None,
        "read_at": None,
        "date_added": review.date_added,
        "date_updated": review.date_updated,
        "read_count": review.read_count,
        "body": CData(body),
        "comments_count": review.comments_count,
        "url": CData(review.link),
        "link": CData(review.link),
        "owned": 0,
    }


def _user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "uri": user.uri,
        "name": user.name,
        "display_name": user.display_name,
        "location": CData(user.location),
        "link": CData(user.link),
        "image_url": CData(user.image_url("p3")),
        "small_image_url": CData(user.image_url("p2")),
        "has_image": _flag(user.uploaded is not None),
    }


def _book(book: Book) -> dict[str, Any]:
    year, month, day = book.publication
    return {
        "id": With(_INTEGER, book.id),
        "isbn": With({"nil": "true"}),
        "isbn13": book.isbn13 or With({"nil": "true"}),
        "text_reviews_count": With(_INTEGER, book.text_reviews_count),
        "uri": f"kca://book/amzn1.gr.book.v1.{book.id}",
        "title": book.title,
        "title_without_series": book.title_without_series,
        "image_url": book.image_url("m"),
        "small_image_url": book.image_url("s"),
        "large_image_url": None,
        "link": book.link,
        "num_pages": book.num_pages,
        "format": book.format,
        "edition_information": book.edition_information,
        "publisher": book.publisher,
        "publication_day": day,
        "publication_year": year,
        "publication_month": month,
        "average_rating": book.average_rating,
        "ratings_count": book.ratings_count,
        "description": book.description.html,
        "authors": {"author": [_author(author) for author in book.authors]},
        "published": year,
    }


def _author(author: Author) -> dict[str, Any]:
    picture = {"nophoto": _flag(author.uploaded is None)}
    return {
        "id": author.id,
        "name": author.name,
        "role": author.role,
        "image_url": With(picture, CData(f"\n{author.image_url('p5')}\n")),
        "small_image_url": With(picture, CData(f"\n{author.image_url('p2')}\n")),
        "link": CData(author.link),
        "average_rating": author.average_rating,
        "ratings_count": author.ratings_count,
        "text_reviews_count": author.text_reviews_count,
    }


def _flag(value: bool) -> str:
    return str(value).lower()


def _shortened(text: str) -> str:
    return text if len(text) <= _FEED_TEXT else text[:_FEED_TEXT] + "..."
