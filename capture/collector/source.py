"""Goodreads as the collector needs it: the newest reviews and each one whole, asked for again where that may help."""

import logging
import reprlib
from collections.abc import Callable
from typing import TypeVar

from goodreads.client import GoodreadsClient
from goodreads.review import GoodreadsReview
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from capture.collector.elements import Element, at, text_of
from capture.errors import Unavailable
from capture.stopping import Stop

_ATTEMPTS = 5
_LONGEST = 60  # intervals between two requests

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


class Goodreads:
    """Every method raises KeyRefused, NotThere, Unavailable after several attempts, or Stopped.

    The first pause between two attempts is about one `interval` (seconds between two requests), each further one about twice as
    long, and as long as the server wants it if that is longer.
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
                    "the feed has a review without a usable id, which cannot be asked for: %s",
                    reprlib.repr(review),
                )
        return list(filter(_is_id, ids))

    def _review(self, review_id: str) -> Element:
        review = _element(self._client.review(review_id))
        if (found := _id_of(review)) != review_id:
            raise Unavailable(f"Goodreads was asked for review {review_id} and answered with {found!r}")
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
        self._stop.wait(seconds)  # if it was woken, the next request finds out


def _understood(ask: Callable[[], Answer]) -> Answer:
    """The package stumbles over answers that lack what it looks for."""
    try:
        return ask()
    except (KeyError, TypeError) as error:
        raise Unavailable(f"Goodreads' answer lacks an element: {error}") from error


def _element(review: GoodreadsReview) -> Element:
    """What the package wraps: it has no names for the dates, the votes and the user."""
    found: Element = review._review_dict  # noqa: SLF001
    return found


def _id_of(review: Element) -> str:
    return text_of(at(review, "id"))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit()
