"""What the simulated Goodreads knows: authors, books, users and reviews."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from html import escape

SITE = "https://www.goodreads.com"
_DATE = "%a %b %d %H:%M:%S %z %Y"
_NO_PHOTO = "https://s.gr-assets.com/assets/nophoto"


@dataclass(frozen=True)
class Prose:
    """A text in paragraphs; Goodreads serves it as HTML."""

    paragraphs: tuple[str, ...]

    @cached_property
    def plain(self) -> str:
        """The text that a reader sees, on one line."""
        return " ".join(self.paragraphs)

    @cached_property
    def html(self) -> str:
        """Line breaks as tags, the first paragraph in bold, and `&`, `<`, `>` and quotes as entities."""
        first, *others = [escape(paragraph) for paragraph in self.paragraphs] or [""]
        return "<br /><br />".join([f"<b>{first}</b>", *others]) if first else ""


@dataclass(frozen=True)
class Author:
    """An author: `slug` is the name in URLs; `uploaded` is when the picture was uploaded (seconds since 1970), or None."""

    id: int
    name: str
    slug: str
    role: str
    average_rating: Decimal
    ratings_count: int
    text_reviews_count: int
    uploaded: int | None

    @property
    def link(self) -> str:
        """The page of the author."""
        return f"{SITE}/author/show/{self.id}.{self.slug}"

    def image_url(self, size: str) -> str:
        """The author's picture, or the picture for authors without one; sizes are p5 and p2."""
        if self.uploaded is None:
            return f"{_NO_PHOTO}/user/u_{'200x266' if size == 'p5' else '50x66'}.png"
        return f"https://images.gr-assets.com/authors/{self.uploaded}{size}/{self.id}.jpg"


@dataclass(frozen=True)
class Book:
    """A book. Empty texts and None stand for what Goodreads does not know; the first author is the main author."""

    id: int
    title: str
    title_without_series: str
    slug: str
    isbn13: str
    num_pages: int | None
    format: str
    edition_information: str
    publisher: str
    publication: tuple[int | None, int | None, int | None]
    """Year, month and day."""
    average_rating: Decimal
    ratings_count: int
    text_reviews_count: int
    description: Prose
    authors: tuple[Author, ...]
    uploaded: int | None

    @property
    def link(self) -> str:
        """The page of the book."""
        return f"{SITE}/book/show/{self.id}{self.slug}"

    def image_url(self, size: str) -> str:
        """The cover, or the picture for books without one; sizes are m and s."""
        if self.uploaded is None:
            return f"{_NO_PHOTO}/book/{'111x148' if size == 'm' else '50x75'}.png"
        return f"https://images.gr-assets.com/books/{self.uploaded}{size}/{self.id}.jpg"


@dataclass(frozen=True)
class User:
    """A user: `uploaded` is when the picture was uploaded (seconds since 1970), or None."""

    id: int
    name: str
    display_name: str
    slug: str
    location: str
    token: str
    uploaded: int | None

    @property
    def link(self) -> str:
        """The profile."""
        return f"{SITE}/user/show/{self.id}{self.slug}"

    @property
    def uri(self) -> str:
        """Amazon's name for the profile."""
        return f"kca://profile:goodreads/{self.token}"

    def image_url(self, size: str) -> str:
        """The user's picture, or the picture for users without one; sizes are p3 and p2."""
        if self.uploaded is None:
            return f"{_NO_PHOTO}/user/u_{'111x148' if size == 'p3' else '50x66'}.png"
        return f"https://images.gr-assets.com/users/{self.uploaded}{size}/{self.id}.jpg"


@dataclass(frozen=True)
class Review:
    """What a user wrote about a book."""

    id: int
    user: User
    book: Book
    body: Prose
    rating: int
    votes: int
    has_spoilers: bool
    added: datetime
    updated: datetime
    read_count: int
    comments_count: int
    shelf: str
    """The one shelf of which Goodreads has each reader choose: read, currently-reading or to-read."""
    labels: tuple[str, ...]
    """The shelves that the reader made up."""
    read_at: datetime | None

    @property
    def link(self) -> str:
        """The page of the review."""
        return f"{SITE}/review/show/{self.id}"

    @property
    def date_added(self) -> str:
        """In Goodreads' form: `Wed Feb 19 18:36:17 -0800 2020`."""
        return self.added.strftime(_DATE)

    @property
    def date_updated(self) -> str:
        """In Goodreads' form: `Wed Feb 19 18:36:17 -0800 2020`."""
        return self.updated.strftime(_DATE)
