"""What is asked for over HTTP, and what each answer means, against the simulated Goodreads."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.asking import Pace
from capture.errors import Away, NotAFeed, Refused, Unavailable
from capture.follower import command
from capture.follower.client import FeedClient, Validators
from capture.follower.feeds import Feed
from capture.simulated import Fault, SimulatedGoodreads, simulated_goodreads
from capture.stopping import Stop
from tests.capture.follower.shelves import Clock, many, page_xml

KEY = "s3cr3t/key+"
RATE = 1000.0  # requests a second; the pauses between attempts are in proportion

Ask = Callable[..., list[int] | None]


@pytest.fixture
def goodreads() -> Iterator[SimulatedGoodreads]:
    with simulated_goodreads(reviews=40, users=2, feed_page=10) as site:
        yield site


@pytest.fixture
def client(goodreads: SimulatedGoodreads, stop: Stop) -> Iterator[FeedClient]:
    with closing(FeedClient(goodreads.url, Pace(RATE, stop), stop)) as client:
        yield client


@pytest.fixture
def feed(goodreads: SimulatedGoodreads) -> Feed:
    return Feed(str(goodreads.readers[0]), "#ALL#", KEY)


def ids(client: FeedClient, feed: Feed, number: int) -> list[str]:
    answer = client.page(feed, number, None)
    assert answer is not None
    return [item.review_id for item in answer.items]


def test_the_pages_of_a_shelf_are_its_reviews_the_last_changed_first(
    goodreads: SimulatedGoodreads, client: FeedClient, feed: Feed
) -> None:
    mine = [review for review in goodreads.published if str(review.user.id) == feed.user_id]
    expected = sorted(mine, key=lambda review: (review.updated, review.id), reverse=True)
    pages = [ids(client, feed, number) for number in range(1, len(mine) // 10 + 3)]
    assert [each for page in pages for each in page] == [str(review.id) for review in expected]
    assert pages[-1] == []


def test_a_request_is_the_one_that_goodreads_knows_and_names_a_browser_and_this_project(
    goodreads: SimulatedGoodreads, client: FeedClient, feed: Feed
) -> None:
    ids(client, feed, 2)
    (asked,) = goodreads.requests
    assert asked.path == f"review/list_rss/{feed.user_id}"
    assert asked.parameters == {
        "shelf": "#ALL#",
        "page": "2",
        "per_page": "100",
        "sort": "date_updated",
        "order": "d",
        "key": KEY,
    }
    assert asked.headers["User-Agent"].startswith("Mozilla/5.0 ")
    assert asked.headers["User-Agent"].endswith(" goodreads-pipeline")


def test_a_page_that_has_not_changed_is_not_sent_again(
    goodreads: SimulatedGoodreads, client: FeedClient, feed: Feed
) -> None:
    first = client.page(feed, 1, None)
    assert first is not None
    assert client.page(feed, 1, first.validators) is None
    assert client.page(feed, 1, Validators(last_modified=first.validators.last_modified)) is None
    mine = next(review for review in goodreads.published if str(review.user.id) == feed.user_id)
    goodreads.change(mine.id, rating=1)
    changed = client.page(feed, 1, first.validators)
    assert changed is not None
    assert changed.items[0].review_id == str(mine.id)


@pytest.mark.parametrize(
    ("fault", "error", "part"),
    [
        (Fault.SERVER_ERROR, Unavailable, "500 Internal Server Error"),
        (Fault.UNAVAILABLE, Unavailable, "503 Service Unavailable, 'Goodreads is over capacity. Try again.'"),
        (Fault.RESET, Unavailable, "Connection"),
        (Fault.TRUNCATED, Unavailable, "IncompleteRead"),
        (Fault.BROKEN_XML, Unavailable, "it does not end with </rss>"),
        (Fault.HTML, NotAFeed, "expected a feed (RSS), found 'Goodreads is over capacity. Try again.'"),
        (Fault.NOT_FOUND, Away, "404 Not Found: there is no such reader, or no such shelf"),
        (Fault.REFUSED_KEY, Away, "401 Unauthorized: the shelf is private"),
        (Fault.PRIVATE, Away, "Goodreads asks to sign in: the shelf is private"),
    ],
)
def test_each_failure_is_told_in_its_own_words_and_without_the_key(
    goodreads: SimulatedGoodreads,
    client: FeedClient,
    feed: Feed,
    fault: Fault,
    error: type[Exception],
    part: str,
) -> None:
    goodreads.faults.script(*[fault] * 5)
    with pytest.raises(error) as failure:
        client.page(feed, 1, None)
    assert type(failure.value) is error
    assert part in str(failure.value)
    assert f"review/list_rss/{feed.user_id}" in str(failure.value)
    assert "s3cr3t" not in str(failure.value)
    assert len(goodreads.requests) == (1 if error is Away else 5)


@pytest.mark.parametrize(
    ("status", "headers", "error", "part"),
    [
        (403, {}, Refused, "403 Forbidden: the shelf is private"),
        (302, {"Location": "/user/sign_in?key=s3cr3t"}, Away, "Goodreads asks to sign in"),
        (
            302,
            {"Location": "/elsewhere&key=s3cr3t"},
            Away,
            "302 Found to http://goodreads.test/elsewhere&key=...;",
        ),
    ],
)
def test_a_refusal_and_a_redirect_within_the_site_are_told_for_what_they_are(
    stop: Stop, feed: Feed, status: int, headers: dict[str, str], error: type[Exception], part: str
) -> None:
    client = FeedClient("http://goodreads.test/", Pace(RATE, stop), stop)
    with closing(client), responses.RequestsMock() as site:
        site.get(f"http://goodreads.test/review/list_rss/{feed.user_id}", status=status, headers=headers)
        with pytest.raises(error) as failure:
            client.page(feed, 1, None)
    assert type(failure.value) is error
    assert part in str(failure.value)
    assert "s3cr3t" not in str(failure.value)


UNREADABLE = [
    "/user/show/49-Jos\xe9",
    "http://[::1/x",
    "http://[x]/y",
    "http://goodreads.test\uff0f@[",
    "//[",
    "http://goodreads.test:port/",
    "http://\xff",
    "http:// /\0",
]


def told_of_a_redirect(location: str) -> str:
    """What is told of a shelf whose feed redirects there."""
    with (
        closing(Stop()) as stop,
        closing(FeedClient("http://goodreads.test/", Pace(RATE, stop), stop)) as client,
        responses.RequestsMock() as site,
    ):
        site.get("http://goodreads.test/review/list_rss/1", status=302, headers={"Location": location})
        with pytest.raises(Away) as failure:
            client.page(Feed("1", "read"), 1, None)
    return str(failure.value)


@pytest.mark.slow
@pytest.mark.parametrize("location", UNREADABLE)
def test_a_redirect_to_an_address_that_cannot_be_read_costs_its_shelf_alone(
    stop: Stop, tmp_path: Path, location: str
) -> None:
    site = "http://127.0.0.1:9/"
    with responses.RequestsMock() as here:
        here.get(f"{site}review/list_rss/1", status=302, headers={"Location": location})
        here.get(f"{site}review/list_rss/2", body=page_xml(many(10)))
        followed = command.followed_once([Feed("1", "read"), Feed("2", "read")], tmp_path, site, stop)
    ((feed, told),) = followed.troubles.items()
    assert feed.user_id == "1"
    assert "302 Found to " in told
    assert followed.totals.captured == 10


def test_a_redirect_is_told_as_far_as_it_can_be_read() -> None:
    assert "302 Found to an address that cannot be read; expected a feed." in told_of_a_redirect(
        "http://[::1/x"
    )
    assert "to http://goodreads.test/user/show/49-Jos\ufffd;" in told_of_a_redirect("/user/show/49-Jos\xe9")
    utf_8 = "/user/show/49-Jos\xe9".encode().decode("latin-1")
    assert "to http://goodreads.test/user/show/49-Jos\xe9;" in told_of_a_redirect(utf_8)


@pytest.mark.slow
@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["http:", "//", "/", "[", "]", ":", "@", "::1", "goodreads.test", "?", "#", "%", "\uff0f"]
        )
        | st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=3),
        max_size=6,
    ).map("".join)
)
def test_no_location_of_a_redirect_is_more_than_a_shelf_that_cannot_be_seen(location: str) -> None:
    assert "302 Found to " in told_of_a_redirect(location)


@pytest.mark.parametrize(
    "fault",
    [Fault.SERVER_ERROR, Fault.UNAVAILABLE, Fault.RESET, Fault.TRUNCATED, Fault.BROKEN_XML, Fault.HTML],
)
def test_a_failure_that_passes_is_not_noticed(
    goodreads: SimulatedGoodreads, client: FeedClient, feed: Feed, fault: Fault
) -> None:
    goodreads.faults.script(fault, fault)
    assert len(ids(client, feed, 1)) == 10


@pytest.mark.parametrize("status", [429, 503, 403])
def test_a_pause_that_the_host_asks_for_holds_for_every_reader_and_a_long_one_is_told(
    feed: Feed, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    clock: Any = Clock()
    asked = list[float]()

    def answer(_: object) -> tuple[int, dict[str, str], str]:
        asked.append(clock.now)
        return status, {"Retry-After": "3600"}, ""

    pace, put_away = Pace(1, clock, lambda: clock.now), list[float]()
    pace.before_long_wait = lambda: put_away.append(clock.now)
    client = FeedClient("http://goodreads.test/", pace, clock)
    others = [feed, Feed("77", "read"), Feed("78", "read")]
    with closing(client), responses.RequestsMock() as site:
        for each in others:
            site.add_callback("GET", f"http://goodreads.test/review/list_rss/{each.user_id}", answer)
            with pytest.raises((Unavailable, Refused)):
                client.page(each, 1, None)
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses == pytest.approx([3600] * (2 if status == 403 else 14))
    told = "Goodreads asks for a pause (Retry-After); the next request follows in 1 hour"
    assert caplog.messages == [told] * len(pauses)
    assert len(put_away) == len(pauses)
    assert all(at < later for at, later in zip(put_away, asked[1:], strict=True))  # before each pause


def test_without_a_connection_no_message_tells_the_key(stop: Stop, feed: Feed) -> None:
    nowhere = FeedClient("http://localhost:1/", Pace(RATE, stop), stop)
    with closing(nowhere), pytest.raises(Unavailable, match="Connection refused") as failure:
        nowhere.page(feed, 1, None)
    assert "s3cr3t" not in str(failure.value)
    assert "key=..." in str(failure.value)


def test_a_private_shelf_opens_to_its_key(
    goodreads: SimulatedGoodreads, client: FeedClient, feed: Feed
) -> None:
    goodreads.private.add(int(feed.user_id))
    assert len(ids(client, feed, 1)) == 10
    with pytest.raises(Away, match="private"):
        client.page(Feed(feed.user_id, "read"), 1, None)


@pytest.mark.parametrize(
    "fault", [Fault.BLANK_LINES, Fault.CONTROL_CHARACTERS, Fault.IMPOSSIBLE_VALUES, Fault.SLOW]
)
def test_an_odd_page_has_all_its_reviews(stop: Stop, feed: Feed, fault: Fault) -> None:
    with (
        simulated_goodreads(reviews=40, users=2, feed_page=10, slow_seconds=0.01) as site,
        closing(FeedClient(site.url, Pace(RATE, stop), stop)) as client,
    ):
        right = ids(client, feed, 1)
        site.faults.script(fault)
        assert ids(client, feed, 1) == right


def test_an_unclosed_tag_costs_its_review_alone(
    goodreads: SimulatedGoodreads, client: FeedClient, feed: Feed
) -> None:
    goodreads.faults.script(None, Fault.UNCLOSED_TAG)
    right = ids(client, feed, 1)
    answer = client.page(feed, 1, None)
    assert answer is not None
    found = [item.review_id for item in answer.items]
    assert (len(found), len(answer.unread)) == (9, 1)
    assert set(found) < set(right)


def test_pages_that_are_short_or_shifted_lack_reviews(
    goodreads: SimulatedGoodreads, client: FeedClient, feed: Feed
) -> None:
    first, second = ids(client, feed, 1), ids(client, feed, 2)
    goodreads.faults.script(Fault.SHORT_PAGE, Fault.SHIFTED)
    assert ids(client, feed, 1) == first[:6]
    assert ids(client, feed, 1) == [*first[1:], second[0]]


def test_before_a_long_pause_the_follower_finishes_its_open_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paces = list[Pace]()

    class Noted(Pace):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            paces.append(self)

    monkeypatch.setattr(command, "Pace", Noted)
    followed = command.followed_once([], tmp_path / "spool", "http://127.0.0.1:9/", Stop())
    (pace,) = paces
    assert pace.before_long_wait == followed.finish
