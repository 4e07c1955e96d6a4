"""From a line of a dump to a record of the catalog: column name to value; None where the dump has nothing."""

from dataclasses import dataclass

from capture.text import plain_text
from capture.ucsd.dates import version_of, version_on
from capture.ucsd.ids import id_of
from capture.ucsd.known import Known
from capture.ucsd.records import Author, Book, Review, SpoilerReview, Value
from catalog import REVIEWS, USERS

Row = dict[str, Value | bool]

_EMPTY_REVIEW: Row = dict.fromkeys(REVIEWS.column_names)
_EMPTY_USER: Row = dict.fromkeys(USERS.column_names)


@dataclass(frozen=True)
class Context:
    """What a record needs besides its line: `version` is for those that have no date of their own."""

    version: str
    known: Known


def author_row(line: Author, context: Context) -> Row:
    """A record of authors."""
    return {
        "author_id": line.author_id,
        "name": _words(line.name),
        "role": None,
        "profile_url": f"https://www.goodreads.com/author/show/{line.author_id}",  # the name after it is optional
        "average_rating": line.average_rating,
        "rating_count": line.ratings_count,
        "text_review_count": line.text_reviews_count,
        "record_create_timestamp": context.version,
    }


def book_row(line: Book, context: Context) -> Row:
    """A record of books; its author, the first, is remembered for the reviews."""
    author_id = line.authors[0].author_id if line.authors else None
    if author_id:
        context.known.add_book(line.book_id, author_id)
    return {
        "book_id": line.book_id,
        "title": _words(line.title),
        "title_without_series": _words(line.title_without_series),
        "image_url": line.image_url,
        "book_url": line.link,
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
        "published": line.publication_year,  # Goodreads gives the two of them the same value
        "record_create_timestamp": context.version,
    }


def review_row(line: Review, context: Context) -> Row:
    """A record of reviews, as old as the review's last change. ValueError for a date that is none."""
    changed = line.date_updated or line.date_added
    version = version_of(changed) if changed else context.version
    return _any_review(line, version, context) | {
        "review_text": _words(line.review_text),
        "review_votes": line.n_votes,
        "review_added_date": line.date_added,
        "review_updated_date": line.date_updated,
        "comments_count": line.n_comments,
    }


def spoiler_row(line: SpoilerReview, context: Context) -> Row:
    """A record of reviews, as old as the start of its day: the whole review, if it lands too, is newer and replaces it.

    ValueError for a day that is none.
    """
    version = version_on(line.timestamp) if line.timestamp else context.version
    return _any_review(line, version, context) | {
        "review_text": _words(" ".join(sentence for _, sentence in line.review_sentences)),
        "spoiler_flag": line.has_spoiler,
    }


def user_row(user_id: int, context: Context) -> Row:
    """A record of users: the dumps have nothing but the id."""
    return _EMPTY_USER | {"user_id": user_id, "record_create_timestamp": context.version}


def _any_review(line: Review | SpoilerReview, version: str, context: Context) -> Row:
    """What all dumps of reviews have; the user is remembered."""
    user_id = id_of(line.user_id)
    context.known.add_user(user_id)
    return _EMPTY_REVIEW | {
        "review_id": id_of(line.review_id),
        "user_id": user_id,
        "book_id": line.book_id,
        "author_id": context.known.author_of(line.book_id),
        "review_rating": line.rating,
        "record_create_timestamp": version,
    }


def _words(value: Value) -> Value:
    """What people wrote, as a capture has it: on one line, without tags and entities."""
    return plain_text(value) if isinstance(value, str) else value
