"""Asks Goodreads for a page of a shelf feed, and repeats a request if that may help.

Goodreads answers 503 to programs that do not name a browser, so the name begins like one; it ends with the name of this project.
"""

from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3

from capture.asking import TIMEOUT, Pace, Patience, retry_after, whole_body, without_keys
from capture.errors import Away, NotAFeed, Refused, Unavailable
from capture.follower.feeds import Feed
from capture.follower.reading import Item, NotRead, items_of
from capture.stopping import Stop
from capture.text import plain_text

PAGE = 100
"""Reviews asked for in a page: as many as Goodreads gives at most."""

_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 "
    "goodreads-pipeline"
)
_ACCEPTED = "application/rss+xml, application/xml;q=0.9, */*;q=0.1"
_EXCERPT = 200  # characters of an answer that a message quotes
_SIGN_IN = ("/user/sign_in", "/ap/signin")


@dataclass(frozen=True)
class Validators:
    """By which the site knows whether a page has changed since it was read; empty if the site did not say."""

    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        """The headers of a request for the page in case that it has changed."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Answered:
    """A page: its reviews, marks of those that could not be read, and by what the site will know the page."""

    items: list[Item]
    unread: tuple[str, ...]
    validators: Validators


class _Session(requests.Session):
    """Follows no redirect. `requests` would parse `Location` even so, and raise ValueError if it cannot."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - the signature of requests
        """None: no answer is a redirect."""
        return None


class FeedClient:
    """The source of pages. Sends one request at a time, at its pace."""

    def __init__(self, base_url: str, pace: Pace, stop: Stop) -> None:
        self._base_url = base_url
        self._pace = pace
        self._patience = Patience(stop, pace.interval)
        self._session = _Session()
        self._session.headers.update({"User-Agent": _AGENT, "Accept": _ACCEPTED})

    def page(self, feed: Feed, number: int, known: Validators | None) -> Answered | None:
        """A page of a shelf, the reviews that changed last first; None if it is still the page of `known`.

        Raises Away, Stopped and, after several attempts, Unavailable or NotAFeed. No message contains the feed's key.
        """
        return self._patience.asked(lambda: self._page(feed, number, known))

    def close(self) -> None:
        """Close the connections that are kept open for further requests."""
        self._session.close()

    def _page(self, feed: Feed, number: int, known: Validators | None) -> Answered | None:
        self._pace.wait()
        address = f"{self._base_url}review/list_rss/{feed.user_id}"
        order = {"sort": "date_updated", "order": "d"}
        key = {"key": feed.key} if feed.key else {}
        try:
            with self._session.get(
                address,
                params={"shelf": feed.shelf, "page": str(number), "per_page": str(PAGE), **order, **key},
                headers=known.headers() if known else {},
                timeout=TIMEOUT,
                stream=True,
                allow_redirects=False,
            ) as answer:
                body = whole_body(answer)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # `from None`: the chained error would show the address with the key
            what = "no connection; is this machine on the network?" if _is_unconnected(error) else "no answer"
            raise Unavailable(f"{address}: {what} {without_keys(str(error))}") from None
        self._pace.hold(retry_after(answer.headers.get("Retry-After")))
        if answer.status_code == requests.codes.not_modified:
            return None
        _check(answer, body, feed, address)
        return _answered(answer, body, feed, address)


def _is_unconnected(error: Exception) -> bool:
    return isinstance(error, requests.ConnectionError) and not isinstance(error, requests.Timeout)


def _check(answer: requests.Response, body: bytes, feed: Feed, address: str) -> None:
    said = f"{answer.status_code} {answer.reason}"
    match answer.status_code:
        case 200:
            return
        case 301 | 302 | 303 | 307 | 308:
            target = _target(answer, address)
            if target and target.path.startswith(_SIGN_IN):
                raise Away(
                    f"{address}: Goodreads asks to sign in: the shelf is private. Its reader finds an address with a key below the shelf"
                )
            shown = (
                f"{target.scheme}://{target.netloc}{target.path}"
                if target
                else "an address that cannot be read"
            )
            raise Away(f"{address}: {said} to {without_keys(shown)}; expected a feed. Is --base-url right?")
        case 401 | 403 as status:
            kind = Refused if status == requests.codes.forbidden else Away
            raise kind(
                f"{address}: {said}: the shelf is private. Its reader finds an address with a key below the shelf"
            )
        case 404 | 410:
            raise Away(
                f"{address}: {said}: there is no such reader, or no such shelf; compare the number with the address of the profile"
            )
        case _:
            pause = retry_after(answer.headers.get("Retry-After"))
            raise Unavailable(f"{address}: {said}, {_excerpt(body, feed)!r}", pause)


def _target(answer: requests.Response, address: str) -> SplitResult | None:
    """Where a redirect leads; None if its address is none."""
    # http.client decodes headers as Latin-1; addresses are UTF-8, if they are not ASCII
    location = answer.headers.get("Location", "").encode("latin-1", "replace").decode(errors="replace")
    try:
        return urlsplit(urljoin(address, location))
    except ValueError:
        return None


def _answered(answer: requests.Response, body: bytes, feed: Feed, address: str) -> Answered:
    try:
        read = items_of(body)
    except NotRead as error:
        kind = Unavailable if error.is_feed else NotAFeed
        raise kind(f"{address}: expected a feed (RSS), found {_excerpt(body, feed)!r} ({error})") from error
    headers = answer.headers
    validators = Validators(headers.get("ETag", ""), headers.get("Last-Modified", ""))
    return Answered(read.items, read.unread, validators)


def _excerpt(body: bytes, feed: Feed) -> str:
    """The beginning of the answer as text, without the key, because Goodreads may repeat it in its answers."""
    text = without_keys(plain_text(body[: 4 * _EXCERPT].decode(errors="replace")))
    return (text.replace(feed.key, "...") if feed.key else text)[:_EXCERPT]
