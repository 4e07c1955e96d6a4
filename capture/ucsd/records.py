"""Turns a dump's line into a record of the catalog: column name to value, None for values that the dump lacks.

The types of the lines declare only the fields that are used, named like the columns that they become; msgspec skips all other fields.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from capture import ids
from capture.emptying import Emptied
from capture.text import plain_text
from capture.ucsd.known import Known
from catalog import BOOKS, REVIEWS, USERS, VERSION

Value = str | int | float | None
"""A value that is written to the CSV file unchanged; the pipeline's rules check whether it is a count or a rating."""

Id = Annotated[str, Meta(pattern=r"^[0-9]{1,18}$")]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = len("2017-03-22")
_LENGTH = len("Wed Mar 22 11:37:04 -0700 2017")

Row = dict[str, Value | bool]

_EMPTY_REVIEW: Row = dict.fromkeys(REVIEWS.column_names)
_PUBLISHED = BOOKS.column("published")
_EMPTY_USER: Row = dict.fromkeys(USERS.column_names)


class Author(Struct, rename={"rating_count": "ratings_count", "text_review_count": "text_reviews_count"}):
    """A line of goodreads_book_authors."""

    author_id: Id
    name: Value = None
    average_rating: Value = None
    rating_count: Value = None
    text_review_count: Value = None


class Work(Struct, rename={"published": "original_publication_year"}):
    """A line of goodreads_book_works: what all editions of a book have in common."""

    work_id: Id
    published: Value = None


class Contributor(Struct):
    """One of a book's authors."""

    author_id: Id


class Book(Struct, rename={"book_url": "link"}):
    """A line of goodreads_books or of one of its parts by genre."""

    book_id: Id
    authors: list[Contributor] = []
    work_id: Value = None
    title: Value = None
    title_without_series: Value = None
    image_url: Value = None
    book_url: Value = None
    num_pages: Value = None
    format: Value = None
    edition_information: Value = None
    publisher: Value = None
    publication_day: Value = None
    publication_month: Value = None
    publication_year: Value = None
    average_rating: Value = None
    ratings_count: Value = None
    description: Value = None


_OF_REVIEWS = {
    "review_rating": "rating",
    "review_added_date": "date_added",
    "review_updated_date": "date_updated",
    "review_votes": "n_votes",
    "comments_count": "n_comments",
}


class Review(Struct, rename=_OF_REVIEWS):
    """A line of goodreads_reviews_dedup, of one of its parts by genre, or of goodreads_reviews_spoiler_raw.

    The dates are like `Wed Mar 22 11:37:04 -0700 2017`; the ids of users and reviews are hashes.
    """

    review_id: Hash
    user_id: Hash
    book_id: Id
    review_rating: Value = None
    review_text: Value = None
    review_added_date: str | None = None
    review_updated_date: str | None = None
    review_votes: Value = None
    comments_count: Value = None


_OF_SPOILERS = {
    "review_rating": "rating",
    "review_text": "review_sentences",
    "spoiler_flag": "has_spoiler",
    "record_create_timestamp": "timestamp",
}


class SpoilerReview(Struct, rename=_OF_SPOILERS):
    """A line of goodreads_reviews_spoiler: the text as sentences, each with 1 if it is a spoiler; one date like 2017-03-22."""

    review_id: Hash
    user_id: Hash
    book_id: Id
    spoiler_flag: bool | None = None
    review_rating: Value = None
    review_text: list[tuple[int, str]] = []
    record_create_timestamp: str | None = None


_OF_INTERACTIONS = {
    "review_text": "review_text_incomplete",
    "review_rating": "rating",
    "review_added_date": "date_added",
    "review_updated_date": "date_updated",
}


class Interaction(Struct, rename=_OF_INTERACTIONS):
    """A line of goodreads_interactions_dedup or of one of its parts by genre: a book on a shelf, often with stars, rarely with the beginning of a text."""

    review_id: Hash
    user_id: Hash
    book_id: Id
    is_read: bool = False
    review_rating: Value = None
    review_text: Value = None
    review_added_date: str | None = None
    review_updated_date: str | None = None


def version_of(text: str) -> str:
    """The date `Wed Mar 22 11:37:04 -0700 2017` in UTC: `2017-03-22 18:37:04`. Raises ValueError for other forms.

    The date is read by position: for 15.7 million reviews, that takes a fifth of the time of strptime.
    """
    try:
        if len(text) != _LENGTH:
            raise ValueError  # noqa: TRY301
        month = MONTHS.index(text[4:7]) + 1
        moment = datetime.fromisoformat(f"{text[26:]}-{month:02}-{text[8:10]}T{text[11:19]}{text[20:25]}")
        return version_at(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a date like 'Wed Mar 22 11:37:04 -0700 2017'") from None


def version_on(text: str) -> str:
    """The first moment of a day like `2017-03-22`. Raises ValueError for other forms."""
    try:
        return f"{date.fromisoformat(text)} 00:00:00"
    except ValueError:
        raise ValueError(f"{text!r} is not a date like '2017-03-22'") from None


def version_at(moment: datetime) -> str:
    """A moment in UTC, in the form of `record_create_timestamp`."""
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a record needs besides its line. `version` is for records without a date, or with impossible dates only.

    Versions from `first` to `last` are possible. `emptied` counts values that are emptied.
    """

    version: str
    first: str
    last: str
    known: Known
    emptied: Emptied

    def version_among(self, of_date: Callable[[str], str], *dates: str | None) -> str | None:
        """The version of the first date that gives a possible version; None if no date does."""
        for date_ in filter(None, dates):
            try:
                version = of_date(date_)
            except ValueError:
                continue
            if self.first <= version <= self.last:
                return version
        return None


def author_row(line: Author, context: Context) -> Row:
    """A record of authors."""
    return {
        "author_id": line.author_id,
        "name": _words(line.name),
        "role": None,
        "profile_url": f"https://www.goodreads.com/author/show/{line.author_id}",  # the address may omit the name after the id
        "average_rating": line.average_rating,
        "rating_count": line.rating_count,
        "text_review_count": line.text_review_count,
        "record_create_timestamp": context.version,
    }


def work_row(line: Work, context: Context) -> None:
    """No record: the year is remembered for the work's books, unless it is impossible."""
    if line.published is None or line.published == "":
        return
    text = str(line.published)
    try:
        year = int(text)
    except ValueError:
        year = None
    if year is None or (_PUBLISHED.bounds and not _PUBLISHED.bounds[0] <= year <= _PUBLISHED.bounds[1]):
        context.emptied.add(f"{BOOKS.name}.{_PUBLISHED.name}", text)
    else:
        context.known.add_work(line.work_id, year)


def book_row(line: Book, context: Context) -> Row:
    """A record of books; its first author is remembered for the book's reviews.

    The edition's year stands for the work's if the work is not known: the API of Goodreads gives both fields the same value.
    """
    author_id = line.authors[0].author_id if line.authors else None
    if author_id:
        context.known.add_book(line.book_id, author_id)
    first_year = context.known.year_of(str(line.work_id)) if line.work_id else None
    return {
        "book_id": line.book_id,
        "title": _words(line.title),
        "title_without_series": _words(line.title_without_series),
        "image_url": line.image_url,
        "book_url": line.book_url,
        "num_pages": line.num_pages,
        "format": _words(line.format),
        "edition_information": _words(line.edition_information),
        "publisher": _words(line.publisher),
        "publication_day": line.publication_day,
        "publication_year": line.publication_year,
        "publication_month": line.publication_month,
        "average_rating": line.average_rating,
        "ratings_count": line.ratings_count,
        "description": _words(line.description),
        "authors": author_id,
        "published": line.publication_year if first_year is None else first_year,
        "record_create_timestamp": context.version,
    }


def review_row(line: Review, context: Context) -> Row:
    """A record of reviews; its version is the time of the review's last change."""
    version = context.version_among(version_of, line.review_updated_date, line.review_added_date)
    return _any_review(line, version, context) | {
        "review_text": _words(line.review_text),
        "review_votes": line.review_votes,
        "review_added_date": line.review_added_date,
        "review_updated_date": line.review_updated_date,
        "comments_count": line.comments_count,
    }


def spoiler_row(line: SpoilerReview, context: Context) -> Row:
    """A record of reviews; its version is the start of its day, so that the whole review, if it lands too, replaces it."""
    day = line.record_create_timestamp
    version = context.version_among(version_on, day)
    if day and not version:
        context.emptied.add(f"{REVIEWS.name}.{VERSION.name}", day)
    return _any_review(line, version, context) | {
        "review_text": _words(" ".join(sentence for _, sentence in line.review_text)),
        "spoiler_flag": line.spoiler_flag,
    }


def interaction_row(line: Interaction, context: Context) -> Row | None:
    """A record of reviews; None if the book only stands on a shelf: not read, no stars, no text.

    The version is the start of the day of the last change, so that the whole review, if it lands too, replaces it.
    """
    if not (line.is_read or line.review_rating or line.review_text):
        return None
    version = context.version_among(version_of, line.review_updated_date, line.review_added_date)
    day = f"{version[:_DAY]} 00:00:00" if version else None
    return _any_review(line, day, context) | {
        "review_text": _words(line.review_text),
        "review_added_date": line.review_added_date,
        "review_updated_date": line.review_updated_date,
    }


def user_row(user_id: int, context: Context) -> Row:
    """A record of users; the dumps have only the id."""
    return _EMPTY_USER | {"user_id": user_id, "record_create_timestamp": context.version}


def _any_review(line: Review | SpoilerReview | Interaction, version: str | None, context: Context) -> Row:
    """The columns that all dumps of reviews have; the user is remembered."""
    user_id = ids.of_hash(line.user_id)
    context.known.add_user(user_id)
    return _EMPTY_REVIEW | {
        "review_id": ids.of_hash(line.review_id),
        "user_id": user_id,
        "book_id": line.book_id,
        "author_id": context.known.author_of(line.book_id),
        "review_rating": line.review_rating,
        "record_create_timestamp": version or context.version,
    }


def _words(value: Value) -> Value:
    """Clean people's words as the collector does: on one line, without tags and entities."""
    return plain_text(value) if isinstance(value, str) else value
