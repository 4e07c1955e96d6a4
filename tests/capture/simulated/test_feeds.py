"""The shelf feeds: their form, and what they show of readers whose shelves change."""

from xml.etree import ElementTree as ET

import pytest
import requests

from capture.simulated import ALL, Fault, Review, SimulatedGoodreads, simulated_goodreads
from tests.local_cloud.waiting import PATIENCE

FORM = [
    *("guid", "pubDate", "title", "link", "book_id", "book_image_url", "book_small_image_url"),
    *("book_medium_image_url", "book_large_image_url", "book_description", "book", "author_name", "isbn"),
    *("user_name", "user_rating", "user_read_at", "user_date_added", "user_date_created", "user_shelves"),
    *("user_review", "average_rating", "book_published", "description"),
]


def ask(goodreads: SimulatedGoodreads, reader: int, **parameters: str) -> requests.Response:
    return requests.get(
        f"{goodreads.url}review/list_rss/{reader}",
        params=parameters,
        headers={"User-Agent": "Mozilla/5.0"},
        timeout=PATIENCE,
        allow_redirects=False,
    )


def items(goodreads: SimulatedGoodreads, reader: int, **parameters: str) -> list[ET.Element]:
    return list(ET.fromstring(ask(goodreads, reader, **parameters).content).iter("item"))  # noqa: S314 - from the simulated site


def of(goodreads: SimulatedGoodreads, reader: int) -> list[Review]:
    return [review for review in goodreads.published if review.user.id == reader]


def test_an_item_has_the_form_that_was_recorded() -> None:
    with simulated_goodreads(reviews=60, users=1) as goodreads:
        (reader,) = goodreads.readers
        found = items(goodreads, reader, shelf=ALL)
        assert {tuple(child.tag for child in item) for item in found} == {tuple(FORM)}
        newest = found[0]
        review = next(each for each in of(goodreads, reader) if f"/{each.id}?" in newest.findtext("guid", ""))
    assert newest.findtext("guid") == f"{review.link}?utm_medium=api&utm_source=rss"
    assert newest.findtext("user_date_added") == review.added.strftime("%a, %d %b %Y %H:%M:%S -0800")
    assert newest.findtext("author_name") == review.book.authors[0].name
    assert (newest.findtext("user_review") or "") == review.body.html
    assert {item.findtext("user_rating") for item in found} == {"0", "1", "2", "3", "4", "5"}
    assert {bool(item.findtext("user_read_at")) for item in found} == {True, False}


@pytest.mark.parametrize("shelf", ["read", "to-read", "favorites"])
def test_a_shelf_has_the_reviews_that_stand_on_it(shelf: str) -> None:
    with simulated_goodreads(reviews=60, users=1) as goodreads:
        (reader,) = goodreads.readers
        found = {
            item.findtext("guid", "").partition("?")[0] for item in items(goodreads, reader, shelf=shelf)
        }
        expected = {each.link for each in of(goodreads, reader) if shelf in (each.shelf, *each.labels)}
    assert found == expected
    assert expected


def test_a_review_that_changes_comes_to_the_front() -> None:
    with simulated_goodreads(reviews=5, users=1) as goodreads:
        (reader,) = goodreads.readers
        changed = goodreads.change(goodreads.published[0].id, rating=1, labels=("owned",))
        first, *others = items(goodreads, reader, shelf=ALL)
        assert goodreads.published[0] == changed
        assert goodreads.change(goodreads.published[1].id, rating=2).updated > changed.updated
    assert first.findtext("guid", "").startswith(f"{changed.link}?")
    assert (first.findtext("user_rating"), first.findtext("user_shelves", "")[-5:]) == ("1", "owned")
    assert len(others) == 4


def test_pages_follow_each_other_and_after_the_last_come_empty_ones() -> None:
    with simulated_goodreads(reviews=25, users=1, feed_page=10) as goodreads:
        (reader,) = goodreads.readers
        sizes = [len(items(goodreads, reader, page=str(page), per_page="100")) for page in range(1, 6)]
        assert sizes == [10, 10, 5, 0, 0]
        assert len(items(goodreads, reader, per_page="4")) == 4


@pytest.mark.parametrize("name", ["page", "per_page"])
@pytest.mark.parametrize("text", ["abc", "0", "-1", "1.5", "9" * 5000])
def test_a_page_that_is_no_number_is_refused_in_words(name: str, text: str) -> None:
    with simulated_goodreads(reviews=3, users=1) as goodreads:
        answer = requests.get(
            f"{goodreads.url}review/list_rss/{goodreads.readers[0]}?{name}={text}",
            headers={"User-Agent": "Mozilla/5.0"},
            timeout=PATIENCE,
        )
    assert (answer.status_code, answer.text) == (400, "page and per_page must be numbers from 1 on.\n")


@pytest.mark.parametrize("since", ["soon", "2020-02-19", "Wed, 19 Feb 2020 21:38:00"])
def test_a_date_that_is_none_of_http_is_no_condition(since: str) -> None:
    with simulated_goodreads(reviews=3, users=1) as goodreads:
        answer = requests.get(
            f"{goodreads.url}review/list_rss/{goodreads.readers[0]}",
            headers={"User-Agent": "Mozilla/5.0", "If-Modified-Since": since},
            timeout=PATIENCE,
        )
    assert answer.status_code == 200


def test_a_reader_who_has_left_a_private_one_and_an_unknown_one() -> None:
    with simulated_goodreads(reviews=9, users=3) as goodreads:
        first, second, third = goodreads.readers
        goodreads.gone.update((first, of(goodreads, third)[0].id))
        goodreads.private.add(second)
        assert ask(goodreads, first).status_code == ask(goodreads, 7).status_code == 404
        assert ask(goodreads, second).headers["Location"] == "https://www.goodreads.com/user/sign_in"
        assert ask(goodreads, second, key="any").status_code == 200
        assert len(items(goodreads, third, shelf=ALL)) == len(of(goodreads, third)) - 1


def test_a_program_that_names_no_browser_is_turned_away() -> None:
    with simulated_goodreads(reviews=3, users=1) as goodreads:
        answer = requests.get(f"{goodreads.url}review/list_rss/{goodreads.readers[0]}", timeout=PATIENCE)
    assert answer.status_code == 503
    assert "over capacity" in answer.text


def test_all_users_are_readers_those_with_the_most_reviews_first() -> None:
    with simulated_goodreads(reviews=40, users=5) as goodreads:
        counts = [len(of(goodreads, reader)) for reader in goodreads.readers]
    assert counts == sorted(counts, reverse=True)
    with simulated_goodreads(users=5) as goodreads:
        assert len(set(goodreads.readers)) == 5


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        (Fault.UNCLOSED_TAG, b"<user_review><br><!["),
        (Fault.IMPOSSIBLE_VALUES, b"<book_published>20176</book_published>"),
        (Fault.IMPOSSIBLE_VALUES, b"<user_date_added>Fri, 31 Feb 2020 18:36:17 -0800</user_date_added>"),
    ],
)
def test_an_odd_feed_is_the_right_one_with_something_amiss(fault: Fault, part: bytes) -> None:
    with simulated_goodreads(reviews=20, users=1) as goodreads:
        (reader,) = goodreads.readers
        goodreads.faults.script(None, fault)
        assert part not in ask(goodreads, reader).content
        assert part in ask(goodreads, reader).content
