"""Makes up authors, books, users and reviews without end; equal seeds give an equal world."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from capture.simulated.model import Author, Book, Prose, Review, User
from faker_tool.texts import ENTRIES, LOCALES, pools

_ASIDES = (
    "I <3 it & I'd read it again.",
    'She said "no", he said >yes<.',
    "Q&A; then R&D &c.",
    "😀 Ünïcödé",
)

AUTHORS, BOOKS, USERS = 60, 90, 150  # so few that each appears again and again
_FIRST_REVIEW = 3_198_000_000
_BEGINNING = datetime.strptime("Wed Feb 19 18:36:17 -0800 2020", "%a %b %d %H:%M:%S %z %Y")
_STEPS = {"author": 300_000, "book": 500_000, "user": 700_000, "review": 90}  # between two ids
_ROLES = ("Foreword", "Illustrator", "Writer, Artist", "Translator")
_LABELS = ("favorites", "own-physical", "sci-fi", "to-lend")
_FORMATS = ("Paperback", "Hardcover", "Kindle Edition", "Mass Market Paperback", "")


class Draw:
    """Random choices for one author, book, user or review; all its texts have the same locale."""

    def __init__(self, *what: object) -> None:
        self.random = random.Random("/".join(map(str, what)))  # noqa: S311 - made-up data, nothing secret
        self._locale = self.random.randrange(len(LOCALES))

    def chance(self, share: float) -> bool:
        """True in the given share of the cases."""
        return self.random.random() < share

    def number(self, low: int, high: int) -> int:
        """A number from low to high, both included."""
        return self.random.randint(low, high)

    def texts(self, *pool_names: str) -> list[str]:
        """Draw one index and take its entry from each pool, so that a name and its slug belong together."""
        entry = self._locale * ENTRIES + self.random.randrange(ENTRIES)
        return [pools()[name].texts[entry].as_py().replace('""', '"').strip() for name in pool_names]

    def prose(self, most: int) -> Prose:
        """At most `most` paragraphs; some texts hold something that looks like a tag or an entity."""
        paragraphs = [self.texts("sentence")[0] for _ in range(self.number(0, most))]
        return Prose(
            (*paragraphs, self.random.choice(_ASIDES)) if paragraphs and self.chance(0.4) else (*paragraphs,)
        )

    def rating(self) -> Decimal:
        """An average of ratings."""
        return Decimal(self.number(250, 500)) / 100

    def uploaded(self) -> int | None:
        """When a picture was uploaded; None for one thing in two."""
        return self.number(1_200_000_000, 1_580_000_000) if self.chance(0.5) else None


@dataclass(frozen=True)
class World:
    """All books to review, and every review that will ever be written."""

    seed: int
    users: int = USERS

    def author(self, index: int) -> Author:
        """One of AUTHORS; the index wraps around."""
        index %= AUTHORS
        draw = Draw(self.seed, "author", index)
        given, family = draw.texts("given")[0], draw.texts("family")[0]
        ratings = draw.number(0, 900_000)
        return Author(
            id=self._id("author", index),
            name=f"{given} {family}",
            slug="_".join(f"{given} {family}".split()) if given.isascii() and family.isascii() else "_",
            role=draw.random.choice(_ROLES) if draw.chance(0.2) else "",
            average_rating=draw.rating(),
            ratings_count=ratings,
            text_reviews_count=ratings // draw.number(10, 40),
            uploaded=draw.uploaded(),
        )

    def book(self, index: int) -> Book:
        """One of BOOKS; the index wraps around."""
        index %= BOOKS
        draw = Draw(self.seed, "book", index)
        (head, head_slug), (tail, tail_slug) = (
            draw.texts("title_head", "title_head_slug"),
            draw.texts("title_tail", "title_tail_slug"),
        )
        title, ratings = f"{head} {tail}", draw.number(0, 300_000)
        year = draw.number(1890, 2020) if draw.chance(0.9) else None
        month = draw.number(1, 12) if year and draw.chance(0.8) else None
        first_author = draw.number(0, AUTHORS - 1)
        return Book(
            id=self._id("book", index),
            title=f"{title} ({head}, #{draw.number(1, 9)})" if draw.chance(0.4) else title,
            title_without_series=title,
            slug=head_slug + tail_slug,
            isbn13=str(draw.number(9_780_000_000_000, 9_799_999_999_999)) if draw.chance(0.7) else "",
            num_pages=draw.number(24, 1200) if draw.chance(0.8) else None,
            format=draw.random.choice(_FORMATS),
            edition_information="75th Anniversary Edition" if draw.chance(0.1) else "",
            publisher=draw.texts("company")[0] if draw.chance(0.8) else "",
            publication=(year, month, draw.number(1, 28) if month and draw.chance(0.8) else None),
            average_rating=draw.rating(),
            ratings_count=ratings,
            text_reviews_count=ratings // draw.number(10, 40),
            description=draw.prose(most=4),
            authors=tuple(
                self.author(first_author + each) for each in range(draw.random.choice((1, 1, 2, 3)))
            ),
            uploaded=draw.uploaded(),
        )

    def user(self, index: int) -> User:
        """One of `users`; the index wraps around."""
        index %= self.users
        draw = Draw(self.seed, "user", index)
        (given, given_slug), (family, family_slug) = (
            draw.texts("given", "given_slug"),
            draw.texts("family", "family_slug"),
        )
        return User(
            id=self._id("user", index),
            name=given,
            display_name=f"{given} {family}",
            slug=given_slug + family_slug,
            location=draw.texts("town")[0] if draw.chance(0.7) else "",
            token="A" + "".join(draw.random.choices("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=13)),
            uploaded=draw.uploaded(),
        )

    def review(self, index: int) -> Review:
        """Review number `index` (from 0); ids and dates grow with the number."""
        draw = Draw(self.seed, "review", index)
        added = _BEGINNING + timedelta(seconds=7 * index)
        return Review(
            id=_FIRST_REVIEW + self._id("review", index),
            user=self.user(draw.number(0, self.users - 1)),
            book=self.book(draw.number(0, BOOKS - 1)),
            body=draw.prose(most=9),
            rating=draw.number(0, 5),
            votes=draw.number(0, 3),
            has_spoilers=draw.chance(0.1),
            added=added,
            updated=added + timedelta(seconds=draw.number(0, 600)),
            read_count=draw.number(0, 3),
            comments_count=0 if draw.chance(0.9) else draw.number(1, 40),
            shelf=draw.random.choices(("read", "to-read", "currently-reading"), (8, 1, 1))[0],
            labels=tuple(label for label in _LABELS if draw.chance(0.2)),
            read_at=added - timedelta(days=draw.number(0, 400)) if draw.chance(0.7) else None,
        )

    def author_with(self, id_: int) -> Author | None:
        """The author with this id."""
        return next((each for each in map(self.author, range(AUTHORS)) if each.id == id_), None)

    def book_with(self, id_: int) -> Book | None:
        """The book with this id."""
        return next((each for each in map(self.book, range(BOOKS)) if each.id == id_), None)

    def books_by(self, author: Author) -> list[Book]:
        """The books that the author wrote, alone or with others."""
        return [each for each in map(self.book, range(BOOKS)) if author in each.authors]

    @cached_property
    def everybody(self) -> Sequence[User]:
        """All users."""
        return tuple(map(self.user, range(self.users)))

    def user_with(self, id_: int) -> User | None:
        """The user with this id."""
        return next((each for each in self.everybody if each.id == id_), None)

    def _id(self, kind: str, index: int) -> int:
        step = _STEPS[kind]
        return step * index + Draw(self.seed, "id", kind, index).number(1, step)
