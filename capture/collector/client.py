"""The `goodreads` package's client with what it lacks: time-outs, a pace, and errors that say what Goodreads answered."""

import re
import time
from collections.abc import Mapping
from typing import Any
from xml.parsers.expat import ExpatError

import requests
import urllib3
import xmltodict
from goodreads.client import GoodreadsClient

from capture.collector.elements import children
from capture.collector.pace import Pace
from capture.collector.retry_after import retry_after
from capture.errors import KeyRefused, NotThere, Unavailable
from capture.text import plain_text

_CONNECT_SECONDS, _READ_SECONDS = 10, 30
_WHOLE_SECONDS = 120  # a server that sends a byte now and then keeps no read waiting for long
_BLOCK = 64 * 1024
_EXCERPT = 200  # characters of an answer that a message quotes
_KEY = re.compile(r"\bkey=[^&\s]*")


class PatientClient(GoodreadsClient):  # type: ignore[misc]  # the package has no types
    """Asks one thing at a time, at its pace. Everything the package's client can do goes through `request`."""

    def __init__(self, key: str, base_url: str, pace: Pace) -> None:
        super().__init__(key, "")  # the secret is for what a user would have to allow
        self.base_url = base_url
        self._pace = pace
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "goodreads-pipeline"

    def request(self, path: str, query: Mapping[str, Any], req_format: str = "xml") -> dict[str, Any]:  # noqa: ARG002 - the package's signature
        """What is in `<GoodreadsResponse>`; KeyRefused, NotThere, Unavailable, or Stopped before it is sent."""
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
            # The chained error would show the address with the key.
            raise Unavailable(f"{address}: {_KEY.sub('key=...', str(error))}") from None
        excerpt = self._excerpt(body)
        _check(answer, excerpt, address)
        return _content(body, excerpt, address)

    def close(self) -> None:
        """Close the connections that are kept for the next request."""
        self._session.close()

    def _excerpt(self, body: bytes) -> str:
        """What a person would read first, without the key, which Goodreads repeats in its answers."""
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
                f"Goodreads refused the key at {address}: {said}. It has issued no new keys since December 2020 and retires old ones. "
                "To go on without a key, run a simulated Goodreads (python -m capture simulate) and give its address as --base-url"
            )
        case 404 | 410:
            raise NotThere(f"{address}: {said}")
        case _:
            raise Unavailable(f"{address}: {said}", retry_after(answer.headers.get("Retry-After")))


def _content(body: bytes, excerpt: str, address: str) -> dict[str, Any]:
    try:
        content = xmltodict.parse(body)["GoodreadsResponse"]
    except (
        ExpatError,
        LookupError,
        ValueError,
    ) as error:  # LookupError: another root, or an encoding that Python does not know
        raise Unavailable(
            f"{address}: expected XML with <GoodreadsResponse>, found {excerpt!r} ({error})"
        ) from error
    if not isinstance(content, dict):
        raise Unavailable(f"{address}: an empty <GoodreadsResponse>")
    if "reviews" in content:  # the package takes for granted that there are several
        content["reviews"] = {"review": children(content["reviews"], "review")}
    return content
