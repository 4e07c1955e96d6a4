"""The growing feed, and where it comes from."""

import pytest
import xmltodict

from capture.simulated import SimulatedGoodreads, simulated_goodreads
from tests.capture.simulated.asking import answer, client, feed
from tests.local_cloud.killed_client import ask_and_die, meet_a_mistake
from tests.local_cloud.waiting import until


def test_the_feed_holds_the_newest_thirty_reviews_newest_first(goodreads: SimulatedGoodreads) -> None:
    published = goodreads.publish(35)
    assert feed(goodreads) == [review.id for review in reversed(published[5:])]


def test_a_feed_grows_with_each_publication(goodreads: SimulatedGoodreads) -> None:
    goodreads.publish(2)
    before = feed(goodreads)
    (new,) = goodreads.publish(1)
    assert feed(goodreads) == [new.id, *before]


def test_ids_of_reviews_grow_with_time(goodreads: SimulatedGoodreads) -> None:
    ids = [review.id for review in goodreads.publish(200)]
    assert ids == sorted(set(ids))


def test_a_feed_without_reviews_has_no_review_element(goodreads: SimulatedGoodreads) -> None:
    document = xmltodict.parse(answer(goodreads, "review/recent_reviews.xml").content)
    assert document["GoodreadsResponse"]["reviews"] is None


def test_a_single_review_is_no_list_for_the_wrapper(goodreads: SimulatedGoodreads) -> None:
    goodreads.publish(1)
    document = xmltodict.parse(answer(goodreads, "review/recent_reviews.xml").content)
    assert isinstance(document["GoodreadsResponse"]["reviews"]["review"], dict)


def test_a_text_is_cut_in_the_feed_and_whole_in_the_review(goodreads: SimulatedGoodreads) -> None:
    long = next(review for review in goodreads.publish(30) if len(review.body.plain) > 300)
    in_feed = next(each for each in client(goodreads).recent_reviews() if each.gid == str(long.id))
    assert in_feed.body == long.body.plain[:300] + "..."
    assert client(goodreads).review(long.id).body == long.body.html


def test_equal_seeds_publish_equal_reviews() -> None:
    with simulated_goodreads(seed=7, reviews=20) as one, simulated_goodreads(seed=7, reviews=20) as other:
        assert one.published == other.published


def test_different_seeds_publish_different_reviews() -> None:
    with simulated_goodreads(seed=7, reviews=20) as one, simulated_goodreads(seed=8, reviews=20) as other:
        assert not {review.id for review in one.published} & {review.id for review in other.published}


def test_a_review_that_was_deleted_stays_in_the_feed_and_is_not_found(goodreads: SimulatedGoodreads) -> None:
    first, second = goodreads.publish(2)
    goodreads.gone.add(first.id)
    assert feed(goodreads) == [second.id, first.id]
    assert answer(goodreads, "review/show.xml", id=first.id).status_code == 404
    assert answer(goodreads, "review/show.xml", id=second.id).status_code == 200


def test_reviews_appear_by_themselves_at_the_rate() -> None:
    with simulated_goodreads(reviews=2, rate=1000) as goodreads:
        until(lambda: len(goodreads.published) > 10)
        ids = [review.id for review in goodreads.published]
    assert ids == sorted(set(ids))


def test_a_client_that_is_killed_is_not_told_about(
    goodreads: SimulatedGoodreads, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_and_die(goodreads.url, monkeypatch)
    assert capsys.readouterr().err == ""


def test_a_mistake_of_the_sites_own_is_told(
    goodreads: SimulatedGoodreads, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    meet_a_mistake(goodreads.url, monkeypatch)
    assert "ZeroDivisionError" in capsys.readouterr().err
