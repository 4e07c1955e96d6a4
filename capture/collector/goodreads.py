"""Asks Goodreads for the newest reviews and for whole reviews, and repeats a request if that may help.

`PatientClient` adds to the `goodreads` package's client what it lacks: time-outs, a pace, and errors that say what Goodreads
answered.
"""

import logging
import re
import reprlib
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests
import urllib3
from goodreads.client import GoodreadsClient
from goodreads.review import GoodreadsReview
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from capture.collector.reading import NotRead, content_of
from capture.collector.records import Element, at, children, text_of
from capture.errors import KeyRefused, NotThere, Stopped, Unavailable
from capture.stopping import Stop
from capture.text import plain_text
from catalog import REVIEWS

_ATTEMPTS = 5
_LONGEST = 60  # the longest pause, as a multiple of the interval between two requests

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)

_CONNECT_SECONDS, _READ_SECONDS = 10, 30
_WHOLE_SECONDS = 120  # for a server that sends a byte now and then: no single read takes long
_BLOCK = 64 * 1024
_LAST_ID = REVIEWS.column(REVIEWS.key).maximum or 0
_ID_DIGITS = len(str(_LAST_ID))
_EXCERPT = 200  # characters of an answer that a message quotes
_KEY = re.compile(r"\bkey=[^&\s]*")
_RETRY = Retry(
    retry_after_max=3600
)  # seconds; a wrong clock at the other end must not silence the collector for days


class Goodreads:
    """The source of reviews. Every method may raise KeyRefused, NotThere, Stopped and, after several attempts, Unavailable.

    The first pause between two attempts is about one `interval` (seconds between two requests); each further pause is about twice
    as long. If the server asks for a longer pause, it gets it.
    """

    def __init__(self, client: GoodreadsClient, stop: Stop, interval: float) -> None:
        self._client = client
        self._pause = wait_exponential_jitter(multiplier=interval, max=_LONGEST * interval, jitter=interval)
        self._stop = stop

    def recent(self) -> list[str]:
        """The ids of the newest reviews, the newest first."""
        return self._asked(self._recent)

    def review(self, review_id: str) -> Element:
        """The whole review, with its user and its book."""
        return self._asked(lambda: self._review(review_id))

    def _recent(self) -> list[str]:
        reviews = [_element(review) for review in self._client.recent_reviews()]
        ids = [_id_of(review) for review in reviews]
        for review, review_id in zip(reviews, ids, strict=True):
            if not _is_id(review_id):
                log.warning(
                    "the feed has a review without a usable id; it cannot be fetched: %s",
                    reprlib.repr(review),
                )
        return list(filter(_is_id, ids))

    def _review(self, review_id: str) -> Element:
        review = _element(self._client.review(review_id))
        if (answered := _id_of(review)) != review_id:
            raise Unavailable(f"Goodreads was asked for review {review_id} and answered with {answered!r}")
        return review

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        attempts = Retrying(
            retry=retry_if_exception_type(Unavailable),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        answer: Answer = attempts(_understood, ask)
        return answer

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_for = error.pause if isinstance(error, Unavailable) else 0
        return max(asked_for, self._pause(state))

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)  # if the stop was set, the next request raises Stopped


def _understood(ask: Callable[[], Answer]) -> Answer:
    """The answer, or Unavailable where the package raises KeyError or TypeError because an element is missing."""
    try:
        return ask()
    except (KeyError, TypeError) as error:
        raise Unavailable(f"Goodreads' answer lacks an element: {error}") from error


def _element(review: GoodreadsReview) -> Element:
    """The element inside the package's object, which has no names for the dates, the votes and the user."""
    element: Element = review._review_dict  # noqa: SLF001
    return element


def _id_of(review: Element) -> str:
    return text_of(at(review, "id"))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS and int(text) <= _LAST_ID


class Pace:
    """Allows at most `per_second` requests a second, evenly spaced: unused time does not allow a burst later."""

    def __init__(self, per_second: float, stop: Stop, clock: Callable[[], float] = time.monotonic) -> None:
        self.interval = 1 / per_second
        """Seconds between two requests."""
        self._stop = stop
        self._clock = clock
        self._next = clock()

    def wait(self) -> None:
        """Wait until the next request may be sent. Raises Stopped if the end was asked for."""
        now = self._clock()
        turn = max(now, self._next)
        self._next = turn + self.interval
        if self._stop.wait(turn - now):
            raise Stopped


class PatientClient(GoodreadsClient):  # type: ignore[misc]  # the package has no types
    """Sends one request at a time, at its pace. All methods of the package's client go through `request`."""

    def __init__(self, key: str, base_url: str, pace: Pace) -> None:
        super().__init__(key, "")  # a secret is needed only for requests in a user's name
        self.base_url = base_url
        self._pace = pace
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "goodreads-pipeline"

    def request(self, path: str, query: Mapping[str, Any], req_format: str = "xml") -> dict[str, Any]:  # noqa: ARG002 - the package's signature
        """The content of `<GoodreadsResponse>`. Raises KeyRefused, NotThere, Unavailable, or Stopped before it sends."""
        self._pace.wait()
        address = self.base_url + path.lstrip("/")
        try:
            with self._session.get(
                address,
                params={**query, **self.query_dict},
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                stream=True,
            ) as answer:
                body = _body(answer)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # `from None`: the chained error would show the address with the key
            raise Unavailable(f"{address}: {_KEY.sub('key=...', str(error))}") from None
        excerpt = self._excerpt(body)
        _check(answer, excerpt, address)
        return _content(body, excerpt, address)

    def close(self) -> None:
        """Close the connections that are kept open for further requests."""
        self._session.close()

    def _excerpt(self, body: bytes) -> str:
        """The beginning of the answer as text, without the key, because Goodreads repeats the key in its answers."""
        text = plain_text(body[: 4 * _EXCERPT].decode(errors="replace"))
        return text.replace(self.client_key, "...")[:_EXCERPT]


def _body(answer: requests.Response) -> bytes:
    deadline = time.monotonic() + _WHOLE_SECONDS
    parts = []
    while part := answer.raw.read1(_BLOCK, decode_content=True):
        parts.append(part)
        if time.monotonic() > deadline:
            raise requests.Timeout(f"the answer had not ended after {_WHOLE_SECONDS} s")
    return b"".join(parts)


def _check(answer: requests.Response, excerpt: str, address: str) -> None:
    said = f"{answer.status_code} {answer.reason}, {excerpt!r}"
    match answer.status_code:
        case 200:
            return
        case 401 | 403:
            raise KeyRefused(
                f"Goodreads refused the key at {address}: {said}. Goodreads has issued no new keys since December 2020 and retires old keys. "
                "To go on without a key, run a simulated Goodreads (python -m capture simulate) and give its address as --base-url"
            )
        case 404 | 410:
            raise NotThere(f"{address}: {said}")
        case _:
            raise Unavailable(f"{address}: {said}", retry_after(answer.headers.get("Retry-After")))


def retry_after(header: str | None) -> float:
    """The seconds that a `Retry-After` header asks for, at most an hour; 0 if the header is missing or makes no sense."""
    try:
        return _RETRY.parse_retry_after(header or "")
    except (InvalidHeader, OverflowError, ValueError):  # the last two: a number or date out of range
        return 0


def _content(body: bytes, excerpt: str, address: str) -> dict[str, Any]:
    try:
        content = content_of(body)
    except NotRead as error:
        raise Unavailable(
            f"{address}: expected XML with <GoodreadsResponse>, found {excerpt!r} ({error})"
        ) from error
    if "reviews" in content:  # the package expects a list even for one review
        content["reviews"] = {"review": children(content["reviews"], "review")}
    return content
