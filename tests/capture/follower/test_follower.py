"""What lands of shelves that grow and change, whose readers come and go."""

import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from capture.errors import Away, NotAFeed, Refused, Unavailable
from capture.follower.feeds import Feed
from capture.follower.follower import Follower, Limits
from capture.spool.spool import Spool, held
from catalog import AUTHORS, DATASETS, REVIEWS
from tests.capture.follower.shelves import FEED, READER, Clock, Entry, Shelf, many, plain_rows
from tests.capture.spool.landed import Rows, ready, rows_of

OTHER = Feed("77", "read")
DAY = 24 * 3600
LIMITS: dict[str, Any] = {"poll": 600, "whole": DAY, "file_bytes": 10**9, "file_age": 10**9}


def follower(shelf: Shelf, spool: Spool, clock: Clock, **limits: Any) -> Follower:
    stop: Any = clock
    return Follower(
        shelf,
        list(shelf.entries),
        spool,
        Limits(**{**LIMITS, "once": True, **limits}),
        stop,
        clock=clock,
        chance=lambda: 0,
    )


def follow(shelf: Shelf, spool: Spool, clock: Clock, **limits: Any) -> Follower:
    made = follower(shelf, spool, clock, **limits)
    made.run()
    return made


def landed(spool: Spool) -> Rows:
    return rows_of(ready(spool.folder))


def versions(spool: Spool, review_id: str) -> list[dict[str, str]]:
    """The records of a review, the oldest first."""
    rows = [dict(zip(REVIEWS.column_names, row, strict=True)) for row in landed(spool)["reviews"]]
    found = [row for row in rows if row["review_id"] == review_id]
    return sorted(found, key=lambda row: row["record_create_timestamp"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_every_row_that_lands_is_the_one_that_a_plain_reading_finds(
    spool: Spool, clock: Clock, count: int
) -> None:
    shelf = Shelf({FEED: many(count)})
    follow(shelf, spool, clock)
    pages = [plain_rows(shelf.body(FEED, number + 1)) for number in range(count // 100)]
    expected = {
        dataset.name: sorted(tuple(row.values()) for page in pages for row in page[dataset.name])
        for dataset in DATASETS
    }
    found = rows_of(ready(spool.folder), with_version=False)
    assert found == expected
    assert len({row[0] for row in found["reviews"]}) == count
    assert {row[-1] for rows in landed(spool).values() for row in rows} == {"2020-02-19 21:38:00.000000"}


def test_spellings_of_a_name_are_one_author_and_copies_of_a_book_are_one_book(
    spool: Spool, clock: Clock
) -> None:
    follow(Shelf({FEED: many(10)}), spool, clock)
    names = [row[AUTHORS.column_names.index("name")] for row in landed(spool)["authors"]]
    assert sorted(names) == ["J. R. R. Tolkien & Co", "Ursula K. Le Guin"]
    assert Counter(row[0] for row in landed(spool)["books"])["13651"] == 1
    assert len(landed(spool)["reviews"]) == 10


@pytest.mark.slow
def test_a_shelf_that_stays_as_it_is_makes_no_new_version(spool: Spool, clock: Clock) -> None:
    shelf = Shelf({FEED: many(30)}, size=10)
    follow(shelf, spool, clock)
    before = landed(spool)
    for days in (1, 1, 0):
        clock.now += days * DAY + 700
        assert follow(shelf, spool, clock).totals.captured == 0
    assert landed(spool) == before


def test_what_changes_by_itself_is_no_change_of_the_review(
    spool: Spool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf({FEED: many(10)})
    follow(shelf, spool, clock)
    body = (
        shelf.body(FEED, 1)
        .replace(b">4.24<", b">4.25<")
        .replace(b"<pubDate><![CDATA[Mon", b"<pubDate><![CDATA[Tue")
    )
    monkeypatch.setattr(shelf, "body", lambda _, number: body if number == 1 else b"<rss></rss>")
    clock.now += DAY + 1
    assert follow(shelf, spool, clock).totals.captured == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        {"rating": "1"},
        {"review": "on second thoughts"},
        {"shelves": "favorites"},
        {"read_at": "Wed, 07 Aug 2019 16:55:23 -0700"},
        {"added": "Tue, 07 Mar 2017 12:02:40 -0800"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_review_that_changes_becomes_one_greater_version(
    spool: Spool, clock: Clock, change: dict[str, str]
) -> None:
    shelf = Shelf({FEED: many(30)}, size=10)
    follow(shelf, spool, clock)
    shelf.change(FEED, 17, **change)
    clock.now -= 3600  # the clock was set back: the new version is greater all the same
    done = follow(shelf, spool, clock)
    follow(shelf, spool, clock)
    assert [row["record_create_timestamp"] for row in versions(spool, Entry(17).review_id)] == [
        "2020-02-19 21:38:00.000000",
        "2020-02-19 21:38:00.000001",
    ]
    assert (done.totals.captured, done.totals.again) == (1, 1)
    assert len(landed(spool)["reviews"]) == 31


def test_the_order_in_which_shelves_are_listed_is_no_change(spool: Spool, clock: Clock) -> None:
    shelf = Shelf({FEED: [Entry(1, shelves="own, favorites")]})
    follow(shelf, spool, clock)
    shelf.change(FEED, 1, shelves="favorites,  own")
    assert follow(shelf, spool, clock).totals.captured == 0


def test_a_review_on_several_shelves_lands_once(spool: Spool, clock: Clock) -> None:
    favorites = Feed(READER, "favorites")
    follow(Shelf({FEED: many(20), favorites: many(10)}), spool, clock)
    assert len(landed(spool)["reviews"]) == 20


@pytest.mark.slow
def test_looks_between_read_the_front_and_a_look_a_day_finds_changes_deep_in_the_shelf(
    spool: Spool, clock: Clock
) -> None:
    shelf = Shelf({FEED: many(30)}, size=10)
    follow(shelf, spool, clock)
    deep = shelf.entries[FEED]
    deep[25] = Entry(26, review="changed where it stood")
    del shelf.asked[:]
    assert follow(shelf, spool, clock).totals.captured == 0
    assert shelf.asked == [(READER, 1, True)]
    clock.now += DAY + 1
    assert follow(shelf, spool, clock).totals.captured == 1
    assert shelf.asked[1:5] == [(READER, page, False) for page in (1, 2, 3, 4)]
    assert len(versions(spool, Entry(26).review_id)) == 2


@pytest.mark.slow
def test_more_news_than_a_page_calls_for_a_look_at_the_whole_shelf(spool: Spool, clock: Clock) -> None:
    shelf = Shelf({FEED: many(30)}, size=10)
    follow(shelf, spool, clock)
    shelf.entries[FEED][:0] = [Entry(number) for number in range(100, 115)]
    assert follow(shelf, spool, clock).totals.captured == 15
    del shelf.asked[:]
    follow(shelf, spool, clock)
    assert len(shelf.asked) == 12  # six pages, the last of them empty, twice


def test_a_follower_that_stays_looks_at_every_shelf_at_its_interval(spool: Spool, clock: Clock) -> None:
    shelf = Shelf({FEED: many(10), OTHER: [Entry(500)]})
    follow(shelf, spool, clock, once=False, seconds=3600)
    started = Counter(reader for reader, page, _ in shelf.asked if page == 1)
    assert started == {READER: 2 + 5, "77": 2 + 5}  # twice for the whole shelf, then every ten minutes
    assert len(landed(spool)["reviews"]) == 11


@pytest.mark.parametrize("error", [Away("private"), NotAFeed("a page")])
def test_a_reader_who_cannot_be_read_is_put_off_for_longer_each_time_and_nobody_else_is(
    spool: Spool, clock: Clock, error: Away | Unavailable, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf({FEED: many(10), OTHER: [Entry(500)]}, failing={FEED: error})
    follow(shelf, spool, clock, once=False, seconds=3 * 3600)
    started = Counter(reader for reader, page, _ in shelf.asked if page == 1)
    assert started[READER] == 5  # at once, then after 10, 20, 40 and 80 minutes
    assert started["77"] == 2 + 17
    assert "reader 4622890, shelf read cannot be read; it is tried again in 4800 s. " in caplog.text
    assert len(landed(spool)["reviews"]) == 1


def test_a_pause_outlives_the_process_and_ends_with_an_answer(
    spool: Spool, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "capture")
    shelf = Shelf({FEED: many(10)}, failing={FEED: Away("private")})
    assert follow(shelf, spool, clock).troubles == {FEED: "private"}
    assert "tried again" not in caplog.text
    shelf.failing.clear()
    assert follow(shelf, spool, clock, once=False, seconds=2).troubles == {FEED: "private"}
    assert len(shelf.asked) == 1
    told = "reader 4622890, shelf read is put off until 2020-02-19 21:48:00 UTC; --once tries it at once. private"
    assert told in caplog.text
    clock.now += 601
    assert follow(shelf, spool, clock, once=False, seconds=2).troubles == {}
    assert "reader 4622890, shelf read can be read again" in caplog.text
    assert len(landed(spool)["reviews"]) == 10


def test_a_shelf_that_was_put_off_is_tried_at_once_with_once(spool: Spool, clock: Clock) -> None:
    shelf = Shelf({FEED: many(10)}, failing={FEED: Away("private")})
    follow(shelf, spool, clock)
    shelf.failing.clear()
    assert follow(shelf, spool, clock).troubles == {}
    assert len(landed(spool)["reviews"]) == 10


def test_a_shelf_that_was_put_off_is_tried_at_once_with_another_key_and_the_spool_has_none(
    spool: Spool, clock: Clock
) -> None:
    shelf = Shelf({FEED: many(10)}, failing={FEED: Away("private")})
    for key, requests in (("", 1), ("", 1), ("s3cr3t", 2), ("s3cr3t", 2), ("0ther", 3)):
        made = follower(shelf, spool, clock, once=False, seconds=2)
        made.feeds = [replace(FEED, key=key)]
        made.run()
        assert len(shelf.asked) == requests
    for path in spool.folder.rglob("*"):
        assert not path.is_file() or not {b"s3cr3t", b"0ther"} & {
            key for key in (b"s3cr3t", b"0ther") if key in path.read_bytes()
        }


def test_a_site_that_refuses_three_readers_in_a_row_refuses_the_machine_and_puts_them_off_for_minutes(
    spool: Spool, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    feeds = [Feed(str(number), "read") for number in (1, 2, 3)]
    shelf = Shelf({feed: many(10) for feed in feeds}, failing=dict.fromkeys(feeds, Refused("403")))
    follow(shelf, spool, clock, once=False, seconds=DAY, poll=DAY)
    asked = Counter(reader for reader, _, _ in shelf.asked)
    assert min(asked[feed.user_id] for feed in feeds) >= DAY // 600
    assert "Goodreads refuses this machine, it seems: 3 shelves in a row." in caplog.text


@pytest.mark.parametrize("between", [None, Away("404")])
def test_readers_who_are_refused_while_others_are_answered_are_private(
    spool: Spool, clock: Clock, caplog: pytest.LogCaptureFixture, between: Away | None
) -> None:
    feeds = [Feed(str(number), "read") for number in (1, 2, 3, 4)]
    failing: dict[Feed, Away | Unavailable] = dict.fromkeys(feeds, Refused("403"))
    if between:
        failing[feeds[2]] = between
    else:
        del failing[feeds[2]]
    follow(Shelf({feed: [] for feed in feeds}, failing=failing), spool, clock)
    assert "reader 4, shelf read cannot be read. 403" in caplog.text
    assert "refuses this machine" not in caplog.text


def test_of_a_review_that_is_twice_on_a_page_the_first_state_lands_and_is_remembered(
    spool: Spool, clock: Clock
) -> None:
    shelf = Shelf({FEED: [Entry(1, rating="5"), Entry(1, rating="1")]})
    assert follow(shelf, spool, clock).totals.captured == 1
    shelf.entries[FEED] = [Entry(1, rating="5")]
    assert follow(shelf, spool, clock).totals.captured == 0
    assert [row["review_rating"] for row in versions(spool, Entry(1).review_id)] == ["5"]


@pytest.mark.slow
def test_a_page_of_which_no_review_can_be_read_is_not_the_end(spool: Spool, clock: Clock) -> None:
    broken = Entry(5, guid="https://www.goodreads.com/review/show/x?key=T0PSECRET")
    shelf = Shelf({FEED: [Entry(1), broken, Entry(3)]}, size=1)
    done = follow(shelf, spool, clock)
    assert (done.totals.captured, done.totals.unread, done.totals.unsettled) == (2, 1, 0)
    shelf.entries[FEED][:0] = [broken, Entry(4)]
    assert follow(shelf, spool, clock).totals.captured == 1


def test_a_site_that_repeats_a_page_that_cannot_be_read_ends_the_look(
    spool: Spool, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf({FEED: [Entry(1, guid="https://www.goodreads.com/ada?key=T0PSECRET")]})
    right = shelf.body
    monkeypatch.setattr(shelf, "body", lambda feed, _: right(feed, 1))
    assert follow(shelf, spool, clock).totals.unread == 1
    assert len(shelf.asked) == 4
    assert "a review without a usable id" in caplog.text
    assert "T0PSECRET" not in caplog.text


def test_an_outage_never_puts_anybody_off_for_longer_than_ten_minutes(spool: Spool, clock: Clock) -> None:
    shelf = Shelf({FEED: many(10)}, failing={FEED: Unavailable("503")})
    follow(shelf, spool, clock, once=False, seconds=DAY)
    assert max(clock.waited) == 600
    assert [round(seconds) for seconds in clock.waited[:5]] == [60, 120, 240, 480, 600]


def test_a_shelf_is_put_off_for_as_long_as_the_site_asks(
    spool: Spool, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf({FEED: many(10)}, failing={FEED: Unavailable("503", pause=3600)})
    follow(shelf, spool, clock, once=False, seconds=3 * 3600 - 1)
    assert len(shelf.asked) == 3
    assert "it is tried again in 3600 s. 503" in caplog.text


@pytest.mark.slow
def test_a_look_goes_on_where_it_ended_when_the_site_fails_or_the_process_ends(
    tmp_path: Path, clock: Clock
) -> None:
    shelf = Shelf({FEED: many(50)}, size=10)
    with held(tmp_path / "spool") as spool:
        first = follower(shelf, spool, clock)

        def fail_at_four(_: Follower) -> None:
            if shelf.asked[-1][1] == 3:
                shelf.failing[FEED] = Unavailable("500")

        first.changed = fail_at_four
        first.run()
    shelf.failing.clear()
    clock.now += 61
    with held(tmp_path / "spool") as spool:
        follow(shelf, spool, clock)
        assert [page for _, page, _ in shelf.asked[:6]] == [1, 2, 3, 4, 4, 5]
        assert len(landed(spool)["reviews"]) == 50


@pytest.mark.slow
def test_files_are_finished_by_size_and_by_age(spool: Spool, clock: Clock) -> None:
    shelf = Shelf({FEED: many(30)}, size=10)
    follow(shelf, spool, clock, file_bytes=1000)
    assert len(ready(spool.folder)) > 4
    shelf.change(FEED, 3, rating="1")
    sizes: list[int] = []
    clock.now += 601
    later = follower(shelf, spool, clock, once=False, seconds=1200, file_age=60)
    later.changed = lambda each: sizes.append(each.spool.size())
    later.run()
    assert clock.waited[0] == 60
    assert sizes[-1] == 0


def test_values_that_cannot_be_are_emptied_and_counted(spool: Spool, clock: Clock) -> None:
    shelf = Shelf({FEED: [Entry(1, published="20176", added="Fri, 31 Feb 2020 18:36:17 -0800")]})
    done = follow(shelf, spool, clock)
    (row,) = versions(spool, Entry(1).review_id)
    assert row["review_added_date"] == ""
    assert done.possible.emptied.counts == {
        "books.published": 1,
        "reviews.review_added_date": 1,
        "reviews.review_updated_date": 1,
    }


def test_an_impossible_day_of_reading_leaves_the_day_of_shelving_and_is_counted(
    spool: Spool, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf({FEED: [Entry(1, read_at="Sat, 07 Aug 2199 00:00:00 -0700")]})
    done = follow(shelf, spool, clock)
    (row,) = versions(spool, Entry(1).review_id)
    assert row["review_added_date"] == "Mon Mar 06 12:02:40 -0800 2017"
    assert done.possible.emptied.counts == {"reviews.review_added_date": 1}
    assert (
        "reviews.review_added_date cannot be 'Sat, 07 Aug 2199 00:00:00 -0700', it becomes empty"
        in caplog.text
    )


def test_a_review_without_the_title_of_its_book_lands_alone_and_is_told_and_counted_once(
    spool: Spool, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf({FEED: [Entry(1, title="", author=""), Entry(2)]})
    done = follow(shelf, spool, clock)
    assert (done.totals.captured, done.totals.without_book) == (2, 1)
    told = f"{FEED}: review {Entry(1).review_id} lands without a record of its book: the book has no title"
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warned == [told]
    assert [row[0] for row in landed(spool)["books"]] == ["13002"]
    assert len(landed(spool)["reviews"]) == 2
    assert follow(shelf, spool, clock).totals.without_book == 0


def test_an_item_that_cannot_be_read_costs_itself_until_it_can_be_read(
    spool: Spool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf({FEED: many(10)})
    right = shelf.body
    monkeypatch.setattr(
        shelf,
        "body",
        lambda feed, number: right(feed, number).replace(b"<user_rating>", b"<br><user_rating>", 1),
    )
    done = follow(shelf, spool, clock)
    assert done.totals.captured == 9
    assert done.totals.unread == 1  # though both passes read the page: it is not taken for known
    monkeypatch.setattr(shelf, "body", right)
    assert follow(shelf, spool, clock).totals.captured == 1
