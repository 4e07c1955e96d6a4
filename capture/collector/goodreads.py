"""Asks Goodreads for the newest reviews and for whole reviews, and repeats a request if that may help.

`PatientClient` adds to the `goodreads` package's client what it lacks: time-outs, a pace, and errors that say what Goodreads
answered.
"""

import logging
import reprlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests
import urllib3
from goodreads.client import GoodreadsClient
from goodreads.review import GoodreadsReview

from capture.asking import TIMEOUT, Pace, Patience, retry_after, whole_body, without_keys
from capture.collector.reading import NotRead, content_of
from capture.collector.records import Element, at, children, text_of
from capture.errors import KeyRefused, NotThere, Unavailable
from capture.stopping import Stop
from capture.text import plain_text
from catalog import REVIEWS

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)

_LAST_ID = REVIEWS.column(REVIEWS.key).maximum or 0
_ID_DIGITS = len(str(_LAST_ID))
_EXCERPT = 200  # characters of an answer that a message quotes


class Goodreads:
    """The source of reviews. Every method may raise KeyRefused, NotThere, Stopped and, after several attempts, Unavailable.

    The first pause between two attempts is about one `interval` (seconds between two requests); each further pause is about twice
    as long. If the server asks for a longer pause, the client makes it.
    """

    def __init__(self, client: GoodreadsClient, stop: Stop, interval: float) -> None:
        self._client = client
        self._patience = Patience(stop, interval)

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
        return self._patience.asked(lambda: _understood(ask))


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
                timeout=TIMEOUT,
                stream=True,
            ) as answer:
                body = whole_body(answer)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # `from None`: the chained error would show the address with the key
            raise Unavailable(f"{address}: {without_keys(str(error))}") from None
        except ValueError as error:  # of `requests`, which follows redirects
            raise Unavailable(
                f"{address}: a redirect to an address that cannot be read ({without_keys(str(error))})"
            ) from None
        self._pace.hold(retry_after(answer.headers.get("Retry-After")))
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
