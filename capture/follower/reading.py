"""Reads a page of a shelf feed into its items, whatever characters they contain.

The text is made well-formed and then parsed strictly (decision 26). If a page is no XML even then, each item is read for itself: one
unclosed tag costs one item.
"""

import hashlib
import logging
import re
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict

from capture.asking import without_keys
from capture.collector.records import Element, at, children, text_of
from capture.well_formed import decoded, well_formed
from catalog import REVIEWS

log = logging.getLogger(__name__)

_LAST_ID = REVIEWS.column(REVIEWS.key).maximum or 0
_FEED = re.compile(r"<rss(?=[\s>])")
_END = re.compile(r"</rss\s*>\s*\Z")
_ITEM = re.compile(r"<item(?=[\s>]).*?</item\s*>", re.DOTALL)
_REVIEW_ID = re.compile(r"/review/show/([0-9]{1,19})(?![0-9])")
_HTML = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)"
    r"|(?P<start><(?P<name>user_review|book_description)(?:\s[^<>]*)?(?<!/)>)"
    r"(?P<html>(?:(?!<!\[CDATA\[|</?(?:(?P=name)|item)[\s>]).)*)(?=</(?P=name)\s*>)",
    re.DOTALL,
)
"""A section of CDATA, or an element for HTML that has none."""
_EXCERPT = 100  # characters


@dataclass(frozen=True)
class Item:
    """An item of a feed and the id of its review."""

    review_id: str
    element: Element


@dataclass(frozen=True)
class Read:
    """The items of a page, and a mark of each other item: equal for equal items, and never the id of a review."""

    items: list[Item]
    unread: tuple[str, ...]


class NotRead(Exception):  # noqa: N818 - a condition with a name of its own
    """The answer is no feed that can be read; `is_feed` says whether it begins like one."""

    def __init__(self, message: str, *, is_feed: bool) -> None:
        super().__init__(message)
        self.is_feed = is_feed


def items_of(body: bytes) -> Read:
    """The items of a page, in its order. Raises NotRead if the answer is no feed, or if its end is missing."""
    try:
        text = _HTML.sub(_as_text, decoded(body))
    except (
        LookupError,
        UnicodeError,
    ) as error:  # an encoding that Python does not know or that cannot read the text
        raise NotRead(str(error), is_feed=False) from error
    if not _FEED.search(text):
        raise NotRead("it has no <rss>", is_feed=False)
    items: list[Item] = []
    unread: dict[str, None] = {}
    for element in _elements(text):
        item = None if isinstance(element, _Unreadable) else _item(element)
        if item:
            items.append(item)
        else:
            unread[_mark(element)] = None
    return Read(items, tuple(unread))


def _as_text(part: re.Match[str]) -> str:
    """Tags of HTML are text for XML, whether or not they are in CDATA: as elements they would be lost, and `<br>` is never closed."""
    return f"{part['start']}{part['html'].replace('<', '&lt;')}" if part["name"] else part[0]


class _Unreadable(str):
    """The text of an item that is no XML."""

    __slots__ = ()


def _mark(element: Any) -> str:
    return f"unread {hashlib.sha256(_shown(element).encode()).hexdigest()[:16]}"


def _shown(element: Any) -> str:
    try:
        return repr(element)
    except RecursionError:
        return "an item with too many tags in one another"


def _elements(text: str) -> list[Any]:
    """The `<item>` elements; `_Unreadable` for one that cannot be read. Raises NotRead as `items_of` does."""
    mended = well_formed(text)
    try:
        document = xmltodict.parse(mended)
    except (ExpatError, ValueError) as error:  # ValueError: it declares entities
        # a document that is valid XML has its end; `mended` has no comments behind the end
        if not (_END.search(text) or _END.search(mended)):
            raise NotRead("it does not end with </rss>", is_feed=True) from error
        log.warning("the feed is not valid XML (%s); each of its reviews is read for itself", error)
        return [_read_alone(part) for part in _ITEM.findall(text)]
    if "rss" not in document:
        raise NotRead("it is not an <rss>", is_feed=True)
    return children(at(document, "rss/channel"), "item")


def _read_alone(part: str) -> Any:
    try:
        return xmltodict.parse(well_formed(part))["item"]
    except ExpatError as error:
        log.warning(
            "a review cannot be read (%s); it is tried again with the next look: %s", error, _excerpt(part)
        )
        return _Unreadable(part)


def _item(element: Any) -> Item | None:
    for name in ("guid", "link"):
        found = _REVIEW_ID.search(text_of(at(element, name)))
        if found and int(found[1]) <= _LAST_ID:
            return Item(str(int(found[1])), element)
    log.warning("the feed has a review without a usable id; it is left out: %s", _excerpt(_shown(element)))
    return None


def _excerpt(text: str) -> str:
    """The beginning of an item, without keys: Goodreads may repeat the address of the feed in it."""
    return without_keys(text)[:_EXCERPT]
