"""Whose shelves are followed: readers as people name them, by number, by the address of a profile or of a feed."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from capture.asking import without_keys
from catalog import USERS

GOODREADS = "https://www.goodreads.com/"

READ = "read"
"""The shelf that is followed unless another one is named."""

_LAST_ID = USERS.column(USERS.key).maximum or 0
_NUMBER = re.compile(r"([0-9]{1,19})(?:-[^&=]*)?")
_HOSTS = ("goodreads.com", "www.goodreads.com")
_WITHOUT_SCHEME = re.compile(r"(?:www\.)?goodreads\.com/", re.IGNORECASE)
_SHELF = re.compile(r"(?:(?!key[:=])\S)+", re.IGNORECASE)  # Goodreads writes a space in a name as a hyphen
_COMMENT = re.compile(r"(?:^|\s)#.*")
_PATHS = ("user/show/", "review/list/", "review/list_rss/")
_EXPECTED = "expected a number like 12345, or an address like https://www.goodreads.com/user/show/12345-name"
_NAMED = "if this is the name of a reader, open the page: the addresses of its shelves have the number, review/list/12345"


@dataclass(frozen=True)
class Named:
    """A reader as somebody names one, and where: `readers.txt, line 3`.

    Messages show where, never the text. The text may hold a key in any form, and a key alone looks like a name.
    """

    text: str = field(repr=False)
    where: str


@dataclass(frozen=True)
class Feed:
    """One shelf of one reader. `key` is a secret of the reader: the part of a private shelf's address that opens it."""

    user_id: str
    shelf: str
    key: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return f"reader {self.user_id}, shelf {self.shelf}"


def feeds_of(
    readers: Iterable[Named], shelves: Sequence[str], key: str = "", site: str = GOODREADS
) -> list[Feed]:
    """Each shelf of each reader, once. A reader is a number, the address of a profile or of a shelf, or that of a feed.

    The address of a feed with `shelf=` means this shelf alone, and its `key=` comes before `key`, wherever else the reader is named. An
    address is one of Goodreads, or of `site`. Raises ValueError for anything else; the message says where it stands.
    """
    found: dict[Feed, Feed] = {}
    for reader in readers:
        try:
            feeds = _feeds(reader.text.strip(), shelves, site)
        except ValueError as error:
            raise ValueError(f"{reader.where}: {error}") from None
        for feed in feeds:
            found[feed] = feed if feed.key or feed not in found else found[feed]
    return [feed if feed.key else replace(feed, key=key) for feed in found.values()]


def named(texts: Iterable[str], what: str = "argument") -> list[Named]:
    """Readers as arguments name them: the first is in `argument 1`."""
    return [Named(text, f"{what} {number}") for number, text in enumerate(texts, 1)]


def readers_in(path: Path) -> list[Named]:
    """The readers in a file, one a line; empty lines are skipped, and so is what follows # at the beginning or after a space. Raises ValueError if it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    found = [
        Named(_COMMENT.sub("", line).strip(), f"{path}, line {number}")
        for number, line in enumerate(lines, 1)
    ]
    return [reader for reader in found if reader.text]


def key_in_environment() -> str:
    """The key of private shelves in GOODREADS_FEED_KEY; empty if there is none."""
    return os.environ.get("GOODREADS_FEED_KEY", "")


def has_key(reader: str) -> bool:
    """Whether a text contains a key, in whatever way it stands there."""
    return without_keys(reader) != reader


def _feeds(reader: str, shelves: Sequence[str], site: str) -> list[Feed]:
    """The feeds of a reader, with the key of the address alone. No message of a ValueError has a part of the text."""
    # as pages and people write addresses: an escaped &, a shelf with its # as it is, no scheme
    text = reader.replace("&amp;", "&").replace("#ALL#", "%23ALL%23")
    text = f"https://{text}" if _WITHOUT_SCHEME.match(text) else text
    if not text.lower().startswith(("http://", "https://")):
        return [Feed(_user_id(reader), shelf) for shelf in shelves]
    try:
        address = urlsplit(text)
    except ValueError:
        raise ValueError(f"no address; {_EXPECTED}") from None
    if address.hostname not in {*_HOSTS, urlsplit(site).hostname}:
        raise ValueError(f"no address of {site}; {_EXPECTED}")
    asked = {
        name: values[0].strip() for name, values in parse_qs(address.query, keep_blank_values=True).items()
    }
    path = address.path.strip("/")
    start = next((start for start in _PATHS if path.startswith(start)), None)
    if start is None:
        hint = "" if "/" in path else f"; {_NAMED}"
        raise ValueError(f"not the address of a reader; {_EXPECTED}{hint}")
    if "shelf" in asked and not _is_shelf(asked["shelf"]):
        raise ValueError(
            "a shelf whose name is missing or has a space or a key; write # as %23, and & before key=: shelf=%23ALL%23&key=..."
        )
    user_id = _user_id(path.removeprefix(start))
    named_shelves = [asked["shelf"]] if "shelf" in asked else shelves
    return [Feed(user_id, shelf, asked.get("key", "")) for shelf in named_shelves]


def _is_shelf(name: str) -> bool:
    """Whether a shelf can have this name. Messages show the names of shelves, so none may hold a key."""
    return bool(_SHELF.fullmatch(name)) and not has_key(name)


def _user_id(text: str) -> str:
    found = _NUMBER.fullmatch(text)
    if found is None or not 0 < int(found[1]) <= _LAST_ID:
        raise ValueError(f"no reader; {_EXPECTED}")
    return str(int(found[1]))
