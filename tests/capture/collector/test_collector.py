"""The collector against the simulated Goodreads, over HTTP."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread

import pytest

from capture.collector.backlog import Backlog
from capture.collector.collector import Collector, Feed, Limits
from capture.collector.goodreads import Goodreads
from capture.collector.records import Element
from capture.errors import KeyRefused
from capture.simulated import Fault, SimulatedGoodreads
from capture.simulated.odd import IMPOSSIBLE
from capture.spool.spool import Spool
from capture.stopping import Stop
from tests.capture.spool.landed import ready, rows_of
from tests.local_cloud.waiting import PATIENCE

BIG = 1_000_000
LONG = 3600.0

Make = Callable[..., Collector]


@pytest.fixture
def make(source: Goodreads, spool: Spool, stop: Stop) -> Make:
    def made(poll: float = LONG, file_bytes: int = BIG, file_age: float = LONG, **limits: float) -> Collector:
        feed = Feed(source, Backlog(spool.state, first_pause=60), poll)
        found = Limits(file_bytes=file_bytes, file_age=file_age, **limits)  # type: ignore[arg-type]
        return Collector(feed, spool, found, stop)

    return made


def captured(spool: Spool) -> list[int]:
    return [int(row[0]) for row in rows_of(ready(spool.folder))["reviews"]]


def ids(goodreads: SimulatedGoodreads) -> list[int]:
    return sorted(review.id for review in goodreads.published)


def asked_for(goodreads: SimulatedGoodreads) -> list[str]:
    """What was asked of Goodreads: ids of reviews, and `feed`."""
    return [asked.parameters.get("id", "feed") for asked in goodreads.requests]


@pytest.mark.slow
def test_each_new_review_is_captured_once_with_user_book_and_all_authors(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make
) -> None:
    goodreads.publish(15)
    make(reviews=20).run()
    found = rows_of(ready(spool.folder))
    assert captured(spool) == ids(goodreads)
    assert len(goodreads.requests) == 21
    assert sorted(int(row[0]) for row in found["users"]) == sorted(
        each.user.id for each in goodreads.published
    )
    assert sorted(int(row[0]) for row in found["books"]) == sorted(
        each.book.id for each in goodreads.published
    )
    assert sorted(int(row[0]) for row in found["authors"]) == sorted(
        author for each in goodreads.published for author in {author.id for author in each.book.authors}
    )
    assert max(len(each.book.authors) for each in goodreads.published) > 1


@pytest.mark.slow
def test_texts_are_what_readers_see(goodreads: SimulatedGoodreads, spool: Spool, make: Make) -> None:
    make(reviews=5).run()
    found = rows_of(ready(spool.folder))
    assert {row[0]: row[4] for row in found["reviews"]} == {
        str(each.id): each.body.plain for each in goodreads.published
    }
    assert {row[0]: row[1] for row in found["books"]} == {
        str(each.book.id): each.book.title for each in goodreads.published
    }


@pytest.mark.slow
def test_the_records_of_a_review_have_one_time_in_utc(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make
) -> None:
    collector = make(reviews=len(goodreads.published))
    collector.clock = lambda: datetime(2020, 2, 19, 21, 38, 16, tzinfo=UTC)
    collector.run()
    found = rows_of(ready(spool.folder))
    assert {row[-1] for rows in found.values() for row in rows} == {"2020-02-19 21:38:16.000000"}


@pytest.mark.slow
def test_the_oldest_new_review_comes_first(goodreads: SimulatedGoodreads, make: Make) -> None:
    make(reviews=5).run()
    assert asked_for(goodreads) == ["feed", *map(str, ids(goodreads))]


@pytest.mark.slow
def test_a_later_collector_goes_on_where_the_last_one_ended(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make
) -> None:
    make(reviews=2).run()
    goodreads.publish(3)
    make(reviews=6).run()
    assert captured(spool) == ids(goodreads)
    assert len(set(asked_for(goodreads)) - {"feed"}) == len(asked_for(goodreads)) - 2


@pytest.mark.slow
def test_reviews_that_left_the_feed_before_they_were_fetched_are_fetched_still(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make
) -> None:
    make(reviews=1).run()
    goodreads.publish(29)  # of 34 the feed shows 30: the four that were only noticed have left it
    make(reviews=33).run()
    assert captured(spool) == ids(goodreads)


@pytest.mark.slow
def test_a_review_that_fails_is_put_off_and_the_others_go_on(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    goodreads.faults.script(None, *[Fault.BROKEN_XML] * 5)
    collector = make(reviews=4)
    collector.run()
    assert captured(spool) == ids(goodreads)[1:]
    assert collector.feed.backlog.counts() == {"captured": 4, "waiting": 1}
    assert f"review {ids(goodreads)[0]} cannot be fetched; it is tried again in 60 s" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("odd", [Fault.BLANK_LINES, Fault.CONTROL_CHARACTERS])
def test_answers_with_what_xml_forbids_give_the_same_records(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make, odd: Fault
) -> None:
    goodreads.faults.rates[odd] = 1
    make(reviews=5).run()
    assert len(goodreads.requests) == 6
    found = rows_of(ready(spool.folder))
    assert {(row[0], row[4], row[13]) for row in found["reviews"]} == {
        (str(each.id), each.body.plain, each.link) for each in goodreads.published
    }
    assert {(row[0], row[1]) for row in found["books"]} == {
        (str(each.book.id), each.book.title) for each in goodreads.published
    }


@pytest.mark.slow
def test_impossible_values_become_empty_and_the_records_are_kept(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    goodreads.faults.rates[Fault.IMPOSSIBLE_VALUES] = 1
    collector = make(reviews=5)
    collector.run()
    found = rows_of(ready(spool.folder))
    assert captured(spool) == ids(goodreads)
    assert [row[9:13] for row in found["reviews"]] == [("", "", "", "")] * 5
    assert [row[6] for row in found["reviews"]] == [""] * 5
    assert [(row[5], row[10], row[11], row[16]) for row in found["books"]] == [("", "", "", "")] * 5
    assert {row[1] for row in found["books"]} == {each.book.title for each in goodreads.published}
    assert collector.possible.emptied.counts.total() == 5 * len(IMPOSSIBLE)
    assert f"review {ids(goodreads)[0]}: reviews.review_votes cannot be '-3', it becomes empty" in caplog.text


@pytest.mark.slow
def test_an_author_without_a_possible_id_costs_itself(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    collector = make(reviews=5)
    whole = collector.feed.source.review

    def with_an_odd_author(review_id: str) -> Element:
        review = whole(review_id)
        nobody = {"id": "nobody", "name": "Ann", "ratings_count": "-1"}
        book = {**review["book"], "authors": {"author": [nobody, {"id": "1"}]}}
        return {**review, "book": book}

    collector.feed.source.review = with_an_odd_author  # type: ignore[method-assign]
    collector.run()
    found = rows_of(ready(spool.folder))
    assert captured(spool) == ids(goodreads)
    assert [row[0] for row in found["authors"]] == ["1"] * 5
    assert {row[3] for row in found["reviews"]} == {""}
    assert "authors.author_id cannot be 'nobody', the record is left out" in caplog.text
    assert collector.possible.left_out == 5
    assert collector.possible.emptied.counts == {"books.authors": 5, "reviews.author_id": 5}


@pytest.mark.slow
def test_a_review_that_is_no_xml_makes_no_outage_of_the_feed_and_costs_only_itself(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    goodreads.faults.script(Fault.UNCLOSED_TAG, *[None] * 4, *[Fault.UNCLOSED_TAG] * 5)
    collector = make(seconds=600, reviews=5)
    collector.changed = lambda each: each.stop.set() if each.feed.backlog.next(0) is None else None
    collector.run()
    assert captured(spool) == ids(goodreads)[:4]
    assert collector.feed.backlog.counts() == {"captured": 4, "waiting": 1}
    assert "Goodreads does not answer" not in caplog.text
    assert "the feed is not valid XML (mismatched tag" in caplog.text
    assert f"review {ids(goodreads)[-1]} cannot be fetched" in caplog.text


@pytest.mark.slow
def test_a_review_that_keeps_failing_is_given_up_aloud(
    goodreads: SimulatedGoodreads, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    collector, (first, *_) = make(reviews=4), ids(goodreads)
    collector.feed.backlog.notice([str(first)])
    for _ in range(9):
        collector.feed.backlog.postpone(str(first), "500", now=0)
    goodreads.faults.script(None, *[Fault.SERVER_ERROR] * 5)
    collector.run()
    assert collector.feed.backlog.counts() == {"captured": 4, "given up": 1}
    assert f"review {first} is given up; `collect --again` tries it again" in caplog.text


@pytest.mark.slow
def test_a_deleted_review_is_noted_and_not_asked_for_again(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    first, *others = ids(goodreads)
    goodreads.gone.add(first)
    make(reviews=4).run()
    goodreads.publish(1)
    make(reviews=1).run()
    assert captured(spool) == [*others, goodreads.published[-1].id]
    assert asked_for(goodreads).count(str(first)) == 1
    assert f"review {first} is gone" in caplog.text


@pytest.mark.slow
def test_a_private_review_is_not_taken_for_a_refused_key(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make
) -> None:
    goodreads.faults.script(None, Fault.REFUSED_KEY)
    make(reviews=4).run()
    assert captured(spool) == ids(goodreads)[1:]


@pytest.mark.parametrize("before", [[], [None, None]])
def test_a_refused_key_ends_it_and_nothing_captured_is_lost(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make, before: list[None]
) -> None:
    goodreads.faults.script(*before, Fault.REFUSED_KEY, Fault.REFUSED_KEY)
    with pytest.raises(KeyRefused):
        make().run()
    spool.finish()
    assert captured(spool) == ids(goodreads)[: len(before) // 2]


@pytest.mark.slow
def test_while_goodreads_is_out_no_review_is_to_blame(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    goodreads.faults.script(
        None, *[Fault.UNAVAILABLE] * 20
    )  # a review's five attempts, then the feed's, three times
    collector = make(poll=0.05, reviews=5)
    collector.run()
    assert captured(spool) == ids(goodreads)
    assert collector.feed.backlog.counts() == {"captured": 5}
    assert caplog.text.count("Goodreads does not answer") == 1
    assert caplog.text.count("Goodreads answers again") == 1


@pytest.mark.slow
def test_a_feed_that_has_run_ahead_is_warned_of(
    goodreads: SimulatedGoodreads, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    make(reviews=5).run()
    goodreads.publish(31)
    collector = make(reviews=30)
    collector.run()
    assert collector.feed.gaps == 1
    assert "all 30 reviews in the feed are new" in caplog.text


@pytest.mark.slow
def test_files_are_finished_by_size(goodreads: SimulatedGoodreads, spool: Spool, make: Make) -> None:
    make(file_bytes=1, reviews=5).run()
    assert len({path.name for path in ready(spool.folder)}) == 5
    assert captured(spool) == ids(goodreads)


@pytest.mark.slow
def test_files_are_finished_by_age_also_while_nothing_comes(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make, stop: Stop
) -> None:
    collector = make(file_age=0.3, seconds=PATIENCE)
    collector.changed = lambda each: stop.set() if each.captured == 5 and not each.spool.size() else None
    collector.run()
    assert stop.is_set()
    assert captured(spool) == ids(goodreads)


@pytest.mark.slow
def test_new_reviews_are_noticed_while_it_runs(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make
) -> None:
    collector = make(poll=0.05, reviews=9)
    worker = Thread(target=goodreads.publish, args=[4])
    collector.changed = lambda each: worker.start() if each.captured == 5 and worker.ident is None else None
    collector.run()
    worker.join()
    assert captured(spool) == ids(goodreads)


@pytest.mark.slow
def test_a_feed_that_is_always_due_leaves_time_for_reviews(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make
) -> None:
    make(poll=1e-6, reviews=5).run()
    assert captured(spool) == ids(goodreads)
    assert asked_for(goodreads).count("feed") <= 6


@pytest.mark.slow
def test_a_collector_that_is_asked_to_end_finishes_its_open_files(
    goodreads: SimulatedGoodreads, spool: Spool, make: Make, stop: Stop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    collector = make()
    collector.changed = lambda each: stop.set() if each.captured == 3 else None
    collector.run()
    assert captured(spool) == ids(goodreads)[:3]
    assert "of authors, books, reviews, users" in caplog.text


def test_it_ends_by_itself_after_the_time_given(make: Make) -> None:
    before = time.monotonic()
    make(seconds=0.2).run()
    assert time.monotonic() - before >= 0.2
