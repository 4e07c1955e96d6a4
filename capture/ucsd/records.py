"""A line of each dump, with the fields that are used; msgspec skips the others without reading them."""

from typing import Annotated

from msgspec import Meta, Struct

Value = str | int | float | None
"""What becomes a field of a CSV file as it is: whether it is a count or a rating is for the pipeline's rules."""

Id = Annotated[str, Meta(pattern=r"^[0-9]{1,18}$")]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]


class Author(Struct):
    """A line of goodreads_book_authors."""

    author_id: Id
    name: Value = None
    average_rating: Value = None
    ratings_count: Value = None
    text_reviews_count: Value = None


class Contributor(Struct):
    """One of a book's authors; its role (illustrator, translator) is empty for those who wrote it."""

    author_id: Id
    role: Value = None


class Book(Struct):
    """A line of goodreads_books and of its parts by genre."""

    book_id: Id
    authors: list[Contributor] = []
    title: Value = None
    title_without_series: Value = None
    image_url: Value = None
    link: Value = None
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


class Review(Struct):
    """A line of goodreads_reviews_dedup, of its parts by genre, and of goodreads_reviews_spoiler_raw.

    The dates are like `Wed Mar 22 11:37:04 -0700 2017`; the ids of users and reviews are hashes.
    """

    review_id: Hash
    user_id: Hash
    book_id: Id
    rating: Value = None
    review_text: Value = None
    date_added: str | None = None
    date_updated: str | None = None
    n_votes: Value = None
    n_comments: Value = None


class SpoilerReview(Struct):
    """A line of goodreads_reviews_spoiler: its text by sentence, each with 1 if it is a spoiler; one date, 2017-03-22."""

    review_id: Hash
    user_id: Hash
    book_id: Id
    has_spoiler: bool | None = None
    rating: Value = None
    review_sentences: list[tuple[int, str]] = []
    timestamp: str | None = None
