"""Whose shelves are followed: readers as people name them, by number, by the address of a profile or of a feed."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from catalog import USERS

GOODREADS = "https://www.goodreads.com/"

READ = "read"
"""The shelf that is followed unless another one is named."""

_LAST_ID = USERS.column(USERS.key).maximum or 0
_NUMBER = re.compile(r"([0-9]{1,19})(?:-.*)?")
_PATHS = ("user/show/", "review/list/", "review/list_rss/")
_EXPECTED = "expected a number like 12345, or an address like https://www.goodreads.com/user/show/12345-name"


@dataclass(frozen=True)
class Feed:
    """One shelf of one reader. `key` is a secret of the reader: the part of a private shelf's address that opens it."""

    user_id: str
    shelf: str
    key: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return f"reader {self.user_id}, shelf {self.shelf}"


def feeds_of(readers: Iterable[str], shelves: Sequence[str], key: str = "") -> list[Feed]:
    """Each shelf of each reader, once. A reader is a number, the address of a profile or of a shelf, or that of a feed.

    The address of a feed with `shelf=` means this shelf alone, and its `key=` comes before `key`. Raises ValueError for anything else; the
    message never contains a key.
    """
    found: dict[Feed, Feed] = {}
    for reader in readers:
        for feed in _feeds(reader.strip(), shelves, key):
            found[feed] = feed if feed.key or feed not in found else found[feed]
    return list(found.values())


def readers_in(path: Path) -> list[str]:
    """The readers in a file, one a line; empty lines and lines that begin with # are skipped. Raises ValueError if it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def key_in_environment() -> str:
    """The key of private shelves in GOODREADS_FEED_KEY; empty if there is none."""
    return os.environ.get("GOODREADS_FEED_KEY", "")


def has_key(reader: str) -> bool:
    """Whether an address contains a key."""
    return "key" in parse_qs(urlsplit(reader).query)


def _feeds(reader: str, shelves: Sequence[str], key: str) -> list[Feed]:
    if not reader.startswith(("http://", "https://")):
        return [Feed(_user_id(reader, reader), shelf, key) for shelf in shelves]
    address = urlsplit(reader)
    shown = f"{address.scheme}://{address.netloc}{address.path}"
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    path = address.path.strip("/")
    start = next((start for start in _PATHS if path.startswith(start)), None)
    if start is None:
        raise ValueError(f"{shown} is not the address of a reader; {_EXPECTED}")
    user_id = _user_id(path.removeprefix(start), shown)
    named = [asked["shelf"]] if "shelf" in asked else shelves
    return [Feed(user_id, shelf, asked.get("key", key)) for shelf in named]


def _user_id(text: str, shown: str) -> str:
    found = _NUMBER.fullmatch(text)
    if found is None or not 0 < int(found[1]) <= _LAST_ID:
        raise ValueError(f"{shown!r} is not a reader; {_EXPECTED}")
    return str(int(found[1]))
