"""Reads Goodreads' answers into mappings, whatever characters the answers contain."""

import logging
import re
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict

from capture.well_formed import decoded, well_formed

log = logging.getLogger(__name__)

_ROOT = "GoodreadsResponse"
_REVIEW = re.compile(r"<review(?=[\s>])[^>]*>")
_REVIEWS = re.compile(r"<reviews(?=[\s>])")
_ID = re.compile(r"\s*<id(?=[\s>])[^>]*>([^<]*)</id>")
_EXCERPT = 100  # characters


class NotRead(Exception):  # noqa: N818 - a condition with a name of its own
    """The answer is not a `<GoodreadsResponse>` that can be read; the message says why."""


def content_of(body: bytes) -> dict[str, Any]:
    """The content of `<GoodreadsResponse>`. Raises NotRead for anything else.

    If a feed cannot be parsed even after that, only the `id` of each review is read, and the collector needs nothing else from the feed:
    an unclosed tag destroys the structure of all later reviews, but not their ids. A CDATA section ends at the next `]]>`, as in XML,
    whatever it contains.
    """
    try:
        text = decoded(body)
        content = xmltodict.parse(well_formed(text))[_ROOT]
    except ExpatError as error:
        if not (reviews := _ids_in(text)):
            raise NotRead(str(error)) from error
        log.warning(
            "the feed is not valid XML (%s); only the ids of its %d reviews are read", error, len(reviews)
        )
        return {"reviews": {"review": reviews}}
    except (
        LookupError,
        ValueError,
    ) as error:  # another root element; an encoding that Python does not know or that cannot read the text
        raise NotRead(str(error)) from error
    if not isinstance(content, dict):
        raise NotRead("it has no elements")
    return content


def _ids_in(text: str) -> list[dict[str, str]]:
    """The `id` of each review in a feed, or an `excerpt` of a review without id; empty if the answer is cut off or not a feed."""
    if not _REVIEWS.search(text) or not text.rstrip().endswith(f"</{_ROOT}>"):
        return []
    _, *reviews = _REVIEW.split(text)
    return [_id_in(review) for review in reviews]


def _id_in(review: str) -> dict[str, str]:
    found = _ID.match(review)
    return {"id": found[1]} if found else {"excerpt": review.strip()[:_EXCERPT]}
