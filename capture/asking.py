"""How this package asks a site over HTTP: at a pace, again if that may help, and never for ever."""

import logging
import re
import time
from collections.abc import Callable
from typing import TypeVar

import humanize
import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from capture.errors import Stopped, Unavailable
from capture.stopping import Stop

TIMEOUT = (10, 30)
"""Seconds to connect, and seconds to wait for more of an answer."""

_ATTEMPTS = 5
_LONGEST = 60  # the longest pause, as a multiple of the interval between two requests
_WHOLE_SECONDS = 120  # for a server that sends a byte now and then: no single read takes long
_BLOCK = 64 * 1024
_TOLD = 60  # seconds; whoever waits longer says so first
_KEY = re.compile(r"key(?:=|%3D)[^&\s]*", re.IGNORECASE)
_RETRY = Retry(
    retry_after_max=3600
)  # seconds; a wrong clock at the other end must not silence the collector for days

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)


class Pace:
    """When a host may be asked: at most `per_second` requests a second, evenly spaced, and none in a pause that the host asks for.

    Unused time does not allow a burst later.
    """

    def __init__(self, per_second: float, stop: Stop, clock: Callable[[], float] = time.monotonic) -> None:
        self.interval = 1 / per_second
        """Seconds between two requests."""
        self._stop = stop
        self._clock = clock
        self._next = clock()
        self.before_long_wait: Callable[[], None] = lambda: None
        """Called before a wait that is long: whoever waits can put away first what is open."""

    def hold(self, seconds: float) -> None:
        """Let nobody send a request for `seconds`, because the host asks for that pause."""
        self._next = max(self._next, self._clock() + seconds)

    def wait(self) -> None:
        """Wait until the next request may be sent; log the wait if it is long. Raises Stopped if the end was asked for."""
        now = self._clock()
        turn = max(now, self._next)
        if turn - now > max(_TOLD, self.interval):
            log.warning(
                "Goodreads asks for a pause (Retry-After); the next request follows in %s",
                humanize.precisedelta(turn - now, minimum_unit="minutes", format="%.0f"),
            )
            self.before_long_wait()
        self._next = turn + self.interval
        if self._stop.wait(turn - now):
            raise Stopped


class Patience:
    """Asks again, up to five times in all, while the answer is Unavailable.

    The first pause between two attempts is about one `interval` (seconds between two requests); each further pause is about twice
    as long. A pause that the host asks for is the matter of the Pace.
    """

    def __init__(self, stop: Stop, interval: float) -> None:
        self._pause = wait_exponential_jitter(multiplier=interval, max=_LONGEST * interval, jitter=interval)
        self._stop = stop

    def asked(self, ask: Callable[[], Answer]) -> Answer:
        """The answer. Raises Unavailable after the last attempt, and every other error at once."""
        attempts = Retrying(
            retry=retry_if_exception_type(Unavailable),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )
        answer: Answer = attempts(ask)
        return answer

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)  # if the stop was set, the next request raises Stopped


def whole_body(answer: requests.Response) -> bytes:
    """The body of an answer that was asked for with `stream=True`. Raises requests.Timeout if it does not end in two minutes."""
    deadline = time.monotonic() + _WHOLE_SECONDS
    parts = []
    while part := answer.raw.read1(_BLOCK, decode_content=True):
        parts.append(part)
        if time.monotonic() > deadline:
            raise requests.Timeout(f"the answer had not ended after {_WHOLE_SECONDS} s")
    return b"".join(parts)


def retry_after(header: str | None) -> float:
    """The seconds that a `Retry-After` header asks for, at most an hour; 0 if the header is missing or makes no sense."""
    try:
        return _RETRY.parse_retry_after(header or "")
    except (InvalidHeader, OverflowError, ValueError):  # the last two: a number or date out of range
        return 0


def without_keys(text: str) -> str:
    """The text with every `key=...` of an address made unreadable."""
    return _KEY.sub("key=...", text)
