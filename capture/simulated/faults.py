"""What can go wrong with a request, by rate or in a given order."""

import random
from collections.abc import Iterable, Mapping
from enum import StrEnum
from threading import Lock


class Fault(StrEnum):
    """A way in which an answer fails. From BLANK_LINES on, the answer is odd but can be read."""

    SERVER_ERROR = "server_error"
    """500."""
    UNAVAILABLE = "unavailable"
    """503 with a page in HTML."""
    TOO_MANY_REQUESTS = "too_many_requests"
    """429 with Retry-After."""
    SLOW = "slow"
    """The right answer, after some seconds."""
    RESET = "reset"
    """The connection is reset before a byte is sent."""
    TRUNCATED = "truncated"
    """The connection ends in the middle of the answer."""
    BROKEN_XML = "broken_xml"
    """200 with a document that ends in the middle."""
    HTML = "html"
    """200 with a page in HTML instead of XML."""
    REFUSED_KEY = "refused_key"
    """401."""
    NOT_FOUND = "not_found"
    """404."""
    PRIVATE = "private"
    """302 to the page where one signs in."""
    BLANK_LINES = "blank_lines"
    """A byte-order mark and blank lines before the XML declaration."""
    CONTROL_CHARACTERS = "control_characters"
    """Control characters and references to them, which XML 1.0 forbids, in titles and in CDATA sections."""
    UNCLOSED_TAG = "unclosed_tag"
    """A tag in the newest review that is never closed; the other reviews of the feed are right."""
    IMPOSSIBLE_VALUES = "impossible_values"
    """Values that no book and no review can have: a month of 13, votes below zero, a date of the year 1."""
    SHORT_PAGE = "short_page"
    """A page of a shelf feed without its last reviews, which are not on the next page either."""
    SHIFTED = "shifted"
    """A page of a shelf feed as if the shelf's first review had just been taken away."""


class Faults:
    """Chooses the fault that the next request meets; equal seeds and equal orders of requests give equal faults.

    `rates` are shares of the requests, from 0 to 1, with a sum of at most 1. They may be changed at any time.
    """

    def __init__(self, seed: int = 0, rates: Mapping[Fault, float] | None = None) -> None:
        self.rates = dict(rates or {})
        self._random = random.Random(seed)  # noqa: S311 - made-up faults, nothing secret
        self._script: list[Fault | None] = []
        self._lock = Lock()

    def script(self, *faults: Fault | None) -> None:
        """Let the next requests meet these faults (None is the right answer); after them the rates count again."""
        with self._lock:
            self._script.extend(faults)

    def next(self) -> Fault | None:
        """The fault that the present request meets, None for the right answer."""
        with self._lock:
            if self._script:
                return self._script.pop(0)
            point = self._random.random()
            for fault, rate in tuple(self.rates.items()):
                point -= rate
                if point < 0:
                    return fault
            return None


def parsed_rates(texts: Iterable[str]) -> dict[Fault, float]:
    """Read texts like `server_error=0.05`. Raises ValueError for any other text, or if the rates add up to more than 1."""
    rates = dict(map(_parsed, texts))
    if (total := sum(rates.values())) > 1:
        raise ValueError(f"the rates of the faults add up to {total:g}, expected at most 1")
    return rates


def _parsed(text: str) -> tuple[Fault, float]:
    name, _, rate = text.partition("=")
    if name not in list(Fault):
        raise ValueError(f"{text!r} names no fault; the faults are {', '.join(Fault)}")
    try:
        value = float(rate)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise ValueError(f"{text!r} has no rate from 0 to 1; write it like {name}=0.05")
    return Fault(name), value
