"""What Goodreads answers, over HTTP, with its faults: the reviews published so far, the pages, the server."""

import os
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from capture.simulated import answers
from capture.simulated.answers import Answer
from capture.simulated.faults import Fault, Faults
from capture.simulated.feeds import ALL, answer_to, on_shelf, shelf_feed
from capture.simulated.model import SITE, Review
from capture.simulated.odd import ODD
from capture.simulated.world import World

PAGE = 30
"""Reviews in an answer of the feed; a client that asks too seldom misses some, as with the real feed."""

FEED_PAGE = 100
"""Reviews in a page of a shelf feed, at most, whatever the client asks for."""

_HTML = "text/html; charset=utf-8"
_FEED = re.compile("review/list_rss/([0-9]{1,18})")
_COUNT = re.compile("[1-9][0-9]{0,8}")
_BROWSER = "Mozilla/"
_OVERLOADED = b"<!DOCTYPE html><html><body><h1>Goodreads is over capacity.<br>Try again.</h1></body></html>"

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger for 0 s: the kernel sends RST instead of FIN
_POLL_SECONDS = 0.05  # between two looks whether the server should stop


class Publisher:
    """The published reviews, in order of publication; `rate` new reviews appear each second by themselves."""

    def __init__(self, world: World, rate: float) -> None:
        self._world = world
        self._rate = rate
        self._started = time.monotonic()
        self._by_call = 0
        self._reviews: list[Review] = []
        self._changed: dict[int, Review] = {}
        self._lock = Lock()

    def publish(self, count: int) -> Sequence[Review]:
        """Publish `count` reviews now, after all reviews published before; returns them."""
        with self._lock:
            self._by_call += count
        return self.published[-count:] if count else []

    @property
    def published(self) -> Sequence[Review]:
        """All reviews so far, the oldest first."""
        with self._lock:
            due = self._by_call + int((time.monotonic() - self._started) * self._rate)
            self._reviews += [self._world.review(index) for index in range(len(self._reviews), due)]
            return tuple(self._changed.get(review.id, review) for review in self._reviews)

    def change(self, id_: int, **changes: Any) -> Review:
        """Let a reader change a published review, a minute after all that has happened so far; returns it."""
        published = {review.id: review for review in self.published}
        updated = max(review.updated for review in published.values()) + timedelta(minutes=1)
        self._changed[id_] = replace(published[id_], updated=updated, **changes)
        return self._changed[id_]

    def with_id(self, id_: int) -> Review | None:
        """The published review with this id, None if there is none."""
        return next((review for review in self.published if review.id == id_), None)


REFUSED = Answer(HTTPStatus.UNAUTHORIZED, b"Invalid API key.", "text/html; charset=utf-8")
NOT_FOUND = Answer(
    HTTPStatus.NOT_FOUND, b'<?xml version="1.0" encoding="UTF-8"?>\n<error>Page not found</error>\n'
)
_OVER_CAPACITY = Answer(HTTPStatus.SERVICE_UNAVAILABLE, _OVERLOADED, _HTML)
_BAD_PAGE = Answer(HTTPStatus.BAD_REQUEST, b"page and per_page must be numbers from 1 on.\n", _HTML)
_SIGN_IN = Answer(HTTPStatus.FOUND, b"", _HTML, {"Location": f"{SITE}/user/sign_in"})


@dataclass(frozen=True)
class Site:
    """Answers for each page.

    `gone` holds the ids of reviews that were deleted after they were in the feed, and of readers who have left; `private` those of
    readers who show their shelves only to whoever has the key. A page of a shelf feed has at most `feed_page` reviews.
    """

    world: World
    publisher: Publisher
    feed_page: int
    gone: set[int] = field(default_factory=set)
    private: set[int] = field(default_factory=set)

    def answer(
        self,
        path: str,
        parameters: Mapping[str, str],
        headers: Mapping[str, str],
        fault: Fault | None = None,
    ) -> Answer:
        """The answer to any path: 401 without a key, 404 if there is no such page.

        A shelf feed needs no key but a browser's name: without that it is 503. If its `page` or `per_page` is no number from 1 on, it is 400:
        the real site may show the first page instead, but a client of tests should not ask so.
        """
        if feed := _FEED.fullmatch(path.strip("/")):
            return self._shelf_feed(int(feed[1]), parameters, headers, fault)
        if not parameters.get("key"):
            return REFUSED
        body = self._body(path.strip("/").removesuffix(".xml"), parameters.get("id", ""))
        return NOT_FOUND if body is None else Answer(HTTPStatus.OK, body)

    def _shelf_feed(
        self, user_id: int, parameters: Mapping[str, str], headers: Mapping[str, str], fault: Fault | None
    ) -> Answer:
        if not headers.get("User-Agent", "").startswith(_BROWSER):
            return _OVER_CAPACITY
        if user_id in self.gone or self.world.user_with(user_id) is None:
            return NOT_FOUND
        if user_id in self.private and not parameters.get("key"):
            return _SIGN_IN
        if not all(_COUNT.fullmatch(parameters.get(name, "1")) for name in ("page", "per_page")):
            return _BAD_PAGE
        shelf = parameters.get("shelf", ALL)
        mine = [
            each for each in self.publisher.published if each.user.id == user_id and each.id not in self.gone
        ]
        reviews = on_shelf(mine, shelf)
        shown = self._page(reviews, parameters, fault)
        changed = reviews[0].updated.astimezone(UTC) if reviews else None
        return answer_to(shelf_feed(user_id, shelf, shown), changed, headers)

    def _page(
        self, reviews: Sequence[Review], parameters: Mapping[str, str], fault: Fault | None
    ) -> Sequence[Review]:
        size = min(int(parameters.get("per_page", self.feed_page)), self.feed_page)
        start = (int(parameters.get("page", "1")) - 1) * size + (fault is Fault.SHIFTED)
        shown = reviews[start : start + size]
        return shown[: 2 * len(shown) // 3] if fault is Fault.SHORT_PAGE else shown

    def _body(self, page: str, wanted: str) -> bytes | None:
        if page == "review/recent_reviews":
            return answers.recent_reviews(self.publisher.published[: -PAGE - 1 : -1])
        shown = {
            "review/show": self._review,
            "book/show": self._book,
            "author/show": self._author,
            "user/show": self._user,
        }.get(page)
        return shown(int(wanted)) if shown and wanted.isdecimal() else None

    def _review(self, wanted: int) -> bytes | None:
        review = self.publisher.with_id(wanted)
        return answers.review_show(review) if review and wanted not in self.gone else None

    def _book(self, wanted: int) -> bytes | None:
        book = self.world.book_with(wanted)
        return answers.book_show(book) if book else None

    def _author(self, wanted: int) -> bytes | None:
        author = self.world.author_with(wanted)
        return answers.author_show(author, self.world.books_by(author)) if author else None

    def _user(self, wanted: int) -> bytes | None:
        user = self.world.user_with(wanted)
        return answers.user_show(user) if user else None


_INSTEAD = {
    Fault.SERVER_ERROR: Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"", _HTML),
    Fault.UNAVAILABLE: _OVER_CAPACITY,
    Fault.TOO_MANY_REQUESTS: Answer(
        HTTPStatus.TOO_MANY_REQUESTS, b"Retry later\n", _HTML, {"Retry-After": "1"}
    ),
    Fault.HTML: Answer(HTTPStatus.OK, _OVERLOADED, _HTML),
    Fault.REFUSED_KEY: REFUSED,
    Fault.NOT_FOUND: NOT_FOUND,
    Fault.PRIVATE: _SIGN_IN,
}


@dataclass(frozen=True)
class Asked:
    """A request: path without outer slashes, parameters, when it came (seconds of the monotonic clock), fault it met, headers."""

    path: str
    parameters: Mapping[str, str]
    at: float
    fault: Fault | None
    headers: Mapping[str, str]


class Server(ThreadingHTTPServer):
    """Answers requests on localhost, each in a thread; port 0 means any free port."""

    daemon_threads = True

    def __init__(self, site: Site, faults: Faults, *, port: int, slow_seconds: float) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.site = site
        self.faults = faults
        self.slow_seconds = slow_seconds
        self.requests: list[Asked] = []
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=[_POLL_SECONDS], name="goodreads")

    @property
    def url(self) -> str:
        """The address, with a slash at the end like the client's `base_url`."""
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, *arguments: Any) -> None:
        """Tell of anything but a client that was killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*arguments)

    def start(self) -> None:
        """Answer requests from now on, until `stop` is called."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering; slow answers are abandoned."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each body waits 40 ms for the acknowledgement of its headers

    def do_GET(self) -> None:
        asked = urlsplit(f"/{self.path.lstrip('/')}")  # the client joins "http://host/" and "/review/..."
        parameters, fault = dict(parse_qsl(asked.query)), self.server.faults.next()
        headers = dict(self.headers.items())
        self.server.requests.append(
            Asked(asked.path.strip("/"), parameters, time.monotonic(), fault, headers)
        )
        if fault is Fault.RESET:
            self._reset()
        elif fault in _INSTEAD:
            self._send(_INSTEAD[fault])
        else:
            if fault is Fault.SLOW:
                self.server.closing.wait(self.server.slow_seconds)
            self._send_spoilt(self.server.site.answer(asked.path, parameters, headers, fault), fault)

    def _send_spoilt(self, answer: Answer, fault: Fault | None) -> None:
        half = answer.body[: len(answer.body) // 2]
        match fault:
            case Fault.TRUNCATED:
                self._send(answer, half)
                self.close_connection = True
            case Fault.BROKEN_XML:
                self._send(Answer(answer.status, half, answer.content_type))
            case Fault() if fault in ODD:
                self._send(Answer(answer.status, ODD[fault](answer.body), answer.content_type))
            case _:
                self._send(answer)

    def _send(self, answer: Answer, sent: bytes | None = None) -> None:
        self.send_response(answer.status)
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
        for name, value in {**headers, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body if sent is None else sent)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        os.close(self.connection.detach())  # an orderly end would send FIN first
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Log nothing: `Server.requests` has every request."""
