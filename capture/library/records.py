"""Turns the rows of a library export into records of the four datasets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from capture import ids
from capture.library import export
from capture.library.export import Entry
from capture.text import plain_text, without_series
from catalog import AUTHORS, BOOKS, REVIEWS, USERS, VERSION

Row = dict[str, str | int | None]

_YES = {"true", "t", "yes", "1"}
_SITE = "https://www.goodreads.com"


@dataclass(frozen=True)
class Reader:
    """Whose export it is. `number` is the number of the profile on Goodreads, if it is known."""

    name: str
    number: int | None = None

    @property
    def id(self) -> int:
        """The number, or else an id made from the name. Raises ValueError if the name is empty."""
        made = ids.of_user(self.name) if self.number is None else self.number
        if made is None:
            raise ValueError("the name of a user is empty; give the name that the reviews are to have")
        return made


def one_of_each_book(entries: Iterable[Entry]) -> list[Entry]:
    """The entries, but one for each book: of several copies the one with a review, the latest of those, the last of those."""
    chosen: dict[int | None, Entry] = {}
    for entry in entries:
        other = chosen.get(entry.book_id)
        if other is None or _rank(entry) >= _rank(other):
            chosen[entry.book_id] = entry
    return sorted(chosen.values(), key=lambda entry: entry.line)


def _rank(entry: Entry) -> tuple[bool, str]:
    return entry.is_review, str(entry.since or "")


def author_rows(entries: Iterable[Entry], version: str) -> Iterator[Row]:
    """One record for each author, in the spelling that comes first."""
    seen = set[int]()
    for entry in entries:
        for name in _authors_of(entry):
            author_id = ids.of_author(name)
            if author_id is not None and author_id not in seen:
                seen.add(author_id)
                yield {
                    **dict.fromkeys(AUTHORS.column_names),
                    "author_id": author_id,
                    "name": name,
                    VERSION.name: version,
                }


def damaged_authors(entries: Iterable[Entry]) -> set[str]:
    """The names that get no record of authors because a character is lost."""
    return {name for entry in entries for name in _authors_of(entry) if ids.is_damaged(name)}


def book_row(entry: Entry, version: str) -> Row:
    """The record of a book."""
    title = plain_text(entry[export.TITLE])
    is_known = entry.book_id is not None and not ids.is_made(entry.book_id)
    return {
        **dict.fromkeys(BOOKS.column_names),
        "book_id": entry.book_id,
        "title": title,
        "title_without_series": without_series(title),
        "book_url": f"{_SITE}/book/show/{entry.book_id}" if is_known else None,
        "num_pages": entry[export.PAGES],
        "format": plain_text(entry[export.BINDING]),
        "publisher": plain_text(entry[export.PUBLISHER]),
        "publication_year": entry[export.YEAR],
        "average_rating": entry[export.AVERAGE],
        "authors": _first_author(entry),
        "published": entry[export.FIRST_YEAR],
        VERSION.name: version,
    }


def review_row(entry: Entry, reader: Reader, version: str) -> Row:
    """The record of a review."""
    if entry.book_id is None:
        raise ValueError(f"line {entry.line} names no book")
    return {
        **dict.fromkeys(REVIEWS.column_names),
        "review_id": ids.of_review(reader.id, entry.book_id),
        "user_id": reader.id,
        "book_id": entry.book_id,
        "author_id": _first_author(entry),
        "review_text": plain_text(entry[export.REVIEW]),
        "review_rating": entry[export.RATING],
        "spoiler_flag": str(entry[export.SPOILER].casefold() in _YES).lower(),
        "review_added_date": f"{entry.since} 00:00:00" if entry.since else None,
        "review_read_count": entry[export.READ_COUNT],
        VERSION.name: version,
    }


def user_row(reader: Reader, version: str) -> Row:
    """The record of the reader."""
    return {
        **dict.fromkeys(USERS.column_names),
        "user_id": reader.id,
        "user_name": reader.name,
        "user_display_name": reader.name,
        "profile_link": f"{_SITE}/user/show/{reader.number}" if reader.number is not None else None,
        VERSION.name: version,
    }


def _authors_of(entry: Entry) -> Iterator[str]:
    if name := plain_text(entry[export.AUTHOR]):
        yield name
    yield from ids.names_in(plain_text(entry[export.MORE_AUTHORS]))


def _first_author(entry: Entry) -> int | None:
    return ids.of_author(plain_text(entry[export.AUTHOR]))
