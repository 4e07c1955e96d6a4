"""Odd answers, which a reader must handle with care: Goodreads has given each kind."""

import re
from collections.abc import Callable

from capture.simulated.faults import Fault

IMPOSSIBLE = {
    "publication_year": "20176",
    "publication_month": "13",
    "published": "20176",
    "num_pages": "-1",
    "votes": "-3",
    "read_count": "many",
    "comments_count": "99999999999",
    "date_added": "Wed Feb 31 18:36:17 -0800 2020",
    "date_updated": "Mon Jan 01 00:00:00 +0000 0001",
}
"""Impossible values by element, of a book or a review."""
IMPOSSIBLE_IN_FEED = {
    "average_rating": "7.5",
    "book_published": "20176",
    "num_pages": "-1",
    "pubDate": "Mon, 01 Jan 0001 00:00:00 +0000",
    "user_date_added": "Fri, 31 Feb 2020 18:36:17 -0800",
    "user_rating": "6",
}
"""Impossible values by element of a shelf feed."""

_MARK = b"\xef\xbb\xbf"
_CDATA, _CONTROL = b"<![CDATA[", b"\x04"
_TITLE, _REFERENCES = b"<title>", b"&#4;&#xFFFE;"
_BODY, _FEED = re.compile(b"(<(?:body|user_review)>)"), b"<rss "


def _with_blank_lines(body: bytes) -> bytes:
    return _MARK + b"\n \r\n" + body


def _with_control_characters(body: bytes) -> bytes:
    return body.replace(_CDATA, _CDATA + _CONTROL).replace(_TITLE, _TITLE + _REFERENCES)


def _with_an_unclosed_tag(body: bytes) -> bytes:
    return _BODY.sub(rb"\1<br>", body, count=1)


def _with_impossible_values(body: bytes) -> bytes:
    for element, value in (IMPOSSIBLE_IN_FEED if _FEED in body else IMPOSSIBLE).items():
        pattern = rf"<{element}(/|>[^<]*</{element}|><!\[CDATA\[[^<]*</{element})>".encode()
        body = re.sub(pattern, f"<{element}>{value}</{element}>".encode(), body)
    return body


ODD: dict[Fault, Callable[[bytes], bytes]] = {
    Fault.BLANK_LINES: _with_blank_lines,
    Fault.CONTROL_CHARACTERS: _with_control_characters,
    Fault.UNCLOSED_TAG: _with_an_unclosed_tag,
    Fault.IMPOSSIBLE_VALUES: _with_impossible_values,
}
"""Turns the right answer into the odd answer, by fault."""
