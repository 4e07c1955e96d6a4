"""The real wrapper against the simulated Goodreads over HTTP."""

import gzip
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from capture import asking
from capture.collector import goodreads as module
from capture.collector.goodreads import PatientClient
from capture.collector.records import at, text_of
from capture.errors import KeyRefused, NotThere, Unavailable
from capture.simulated import Fault, SimulatedGoodreads, simulated_goodreads
from tests.capture.collector.conftest import KEY

ClientAt = Callable[[str], PatientClient]


def test_the_packages_own_methods_work_through_it(goodreads: SimulatedGoodreads, client_at: ClientAt) -> None:
    client, newest = client_at(goodreads.url), goodreads.published[-1]
    assert [review.gid for review in client.recent_reviews()] == [
        str(review.id) for review in reversed(goodreads.published)
    ]
    assert client.review(newest.id).url == newest.link
    assert client.book(newest.book.id).title == newest.book.title
    assert client.author(newest.book.authors[0].id).name == newest.book.authors[0].name


@pytest.mark.parametrize("count", [0, 1])
def test_a_feed_with_one_review_or_none_is_a_list_too(client_at: ClientAt, count: int) -> None:
    with simulated_goodreads(reviews=count) as site:
        assert [review.gid for review in client_at(site.url).recent_reviews()] == [
            str(review.id) for review in site.published
        ]


def test_the_key_goes_along_and_slashes_are_not_doubled(
    goodreads: SimulatedGoodreads, client_at: ClientAt
) -> None:
    client_at(goodreads.url).recent_reviews()
    assert [(asked.path, asked.parameters) for asked in goodreads.requests] == [
        ("review/recent_reviews.xml", {"key": KEY})
    ]


@pytest.mark.parametrize(
    ("fault", "error", "part"),
    [
        (Fault.SERVER_ERROR, Unavailable, "500 Internal Server Error"),
        (Fault.UNAVAILABLE, Unavailable, "503 Service Unavailable, 'Goodreads is over capacity. Try again.'"),
        (Fault.RESET, Unavailable, "Connection"),
        (Fault.TRUNCATED, Unavailable, "IncompleteRead"),
        (Fault.BROKEN_XML, Unavailable, "expected XML with <GoodreadsResponse>, found"),
        (
            Fault.HTML,
            Unavailable,
            "expected XML with <GoodreadsResponse>, found 'Goodreads is over capacity.",
        ),
        (Fault.REFUSED_KEY, KeyRefused, "401 Unauthorized, 'Invalid API key.'"),
        (Fault.NOT_FOUND, NotThere, "404 Not Found"),
    ],
)
def test_each_failure_is_told_in_its_own_words_and_without_the_key(
    goodreads: SimulatedGoodreads, client_at: ClientAt, fault: Fault, error: type[Exception], part: str
) -> None:
    goodreads.faults.script(fault)
    with pytest.raises(error) as failure:
        client_at(goodreads.url).recent_reviews()
    assert part in str(failure.value)
    assert "s3cr3t" not in str(failure.value)
    assert "review/recent_reviews.xml" in str(failure.value)


def test_a_refused_key_says_why_and_what_else_can_be_done(
    goodreads: SimulatedGoodreads, client_at: ClientAt
) -> None:
    goodreads.faults.script(Fault.REFUSED_KEY)
    with pytest.raises(
        KeyRefused, match=r"no new keys since December 2020.*python -m capture simulate.*--base-url"
    ):
        client_at(goodreads.url).recent_reviews()


def test_a_server_that_has_enough_says_how_long_to_wait(
    goodreads: SimulatedGoodreads, client_at: ClientAt
) -> None:
    goodreads.faults.script(Fault.TOO_MANY_REQUESTS)
    with pytest.raises(Unavailable, match="429") as failure:
        client_at(goodreads.url).recent_reviews()
    assert failure.value.pause == 1


def test_nobody_listening_is_unavailable_and_the_key_is_not_told(client_at: ClientAt) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="Connection refused") as failure:
            client_at(f"http://127.0.0.1:{unused.getsockname()[1]}/").recent_reviews()
    assert "s3cr3t" not in str(failure.value)
    assert failure.value.__cause__ is None


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that has one answer, for one request."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):  # the client may have had enough
            connection.recv(65536)
            answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b" ")


def test_an_answer_that_does_not_end_is_given_up(
    client_at: ClientAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_WHOLE_SECONDS", 0)
    with answering(drip) as url, pytest.raises(Unavailable, match="had not ended after 0 s"):
        client_at(url).recent_reviews()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("500 Oops", f"/review/recent_reviews.xml?key={KEY} failed"),
        ("401 Unauthorized", f"Invalid API key {KEY}."),
        ("200 OK", f"<GoodreadsResponse><Request><key>{KEY}</key><method>review_show"),
        ("200 OK", f"<GoodreadsResponse><Request><key><![CDATA[{KEY}]]></key><method>review_show"),
    ],
)
def test_an_answer_that_repeats_the_key_is_quoted_without_it(
    client_at: ClientAt, status: str, body: str
) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
    with (
        answering(lambda connection: connection.sendall(answer)) as url,
        pytest.raises((Unavailable, KeyRefused)) as failure,
    ):
        client_at(url).recent_reviews()
    assert KEY not in str(failure.value)


@pytest.mark.parametrize(
    "location",
    [
        b"/review/49-Jos\xe9",
        b"http://[::1/x",
        b"http://[x]/y",
        b"//[",
        b"http://127.0.0.1:99999/",
        b"http://\xff/",
    ],
)
def test_a_redirect_to_an_address_that_cannot_be_read_is_unavailable(
    client_at: ClientAt, location: bytes
) -> None:
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: %b\r\n\r\n" % location
    with (
        answering(lambda connection: connection.sendall(head)) as url,
        pytest.raises(Unavailable, match=r"review/recent_reviews\.xml: ") as failure,
    ):
        client_at(url).recent_reviews()
    assert "s3cr3t" not in str(failure.value)
    assert failure.value.__suppress_context__


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"<feed/>",
        b"<GoodreadsResponse>\xff</GoodreadsResponse>",
        b"<GoodreadsResponse>&#0;</GoodreadsResponse>",
        b'<?xml version="1.0" encoding="no-such"?><GoodreadsResponse/>',
        b'<?xml version="1.0" encoding="utf-16"?><GoodreadsResponse/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><GoodreadsResponse>&b;</GoodreadsResponse>',
        b"<GoodreadsResponse>" + b"<a>" * 100_000,
    ],
    ids=["empty", "NUL", "root", "byte", "reference", "encoding", "UTF-16", "entity", "depth"],
)
def test_whatever_is_no_xml_of_goodreads_is_unavailable(client_at: ClientAt, body: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    with (
        answering(lambda connection: connection.sendall(head + body)) as url,
        pytest.raises(Unavailable, match="expected XML with <GoodreadsResponse>, found"),
    ):
        client_at(url).recent_reviews()


FEED = b"<GoodreadsResponse><reviews><review><id>7</id></review></reviews></GoodreadsResponse>"
LONG_FEED = FEED.replace(b"7", b"7<!-- %b -->" % " ".join(map(str, range(40_000))).encode())


def chunked(body: bytes) -> bytes:
    parts = [body[start : start + 999] for start in range(0, len(body), 999)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*parts, b""])


@pytest.mark.parametrize("feed", [FEED, LONG_FEED], ids=["short", "long"])
@pytest.mark.parametrize(
    ("header", "encoded"),
    [
        ("X-Ends: with the connection", bytes),
        ("Transfer-Encoding: chunked", chunked),
        ("Content-Encoding: gzip", gzip.compress),
        ("Content-Encoding: gzip\r\nTransfer-Encoding: chunked", lambda body: chunked(gzip.compress(body))),
    ],
)
def test_an_answer_is_read_however_it_is_sent(
    client_at: ClientAt, feed: bytes, header: str, encoded: Callable[[bytes], bytes]
) -> None:
    head = f"HTTP/1.1 200 OK\r\nConnection: close\r\n{header}\r\n\r\n".encode()
    with answering(lambda connection: connection.sendall(head + encoded(feed))) as url:
        (review,) = client_at(url).recent_reviews()
    assert review.gid.startswith("7")


def test_an_answer_that_does_not_come_is_given_up(
    client_at: ClientAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", (10, 0.05))
    with (
        simulated_goodreads(faults={Fault.SLOW: 1}, slow_seconds=600) as slow,
        pytest.raises(Unavailable, match="timed out"),
    ):
        client_at(slow.url).recent_reviews()


def test_the_feed_has_only_an_excerpt_and_the_review_the_whole_text(
    goodreads: SimulatedGoodreads, client_at: ClientAt
) -> None:
    longest = max(goodreads.publish(30), key=lambda review: len(review.body.plain))
    shown = client_at(goodreads.url).review(longest.id)._review_dict  # noqa: SLF001 - as the source reads it
    assert text_of(at(shown, "user/id")) == str(longest.user.id)
    assert len(text_of(at(shown, "body"))) >= len(longest.body.plain)
