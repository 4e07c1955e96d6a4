"""What each dump becomes, column by column."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.ucsd.records import version_of, version_on
from catalog import AUTHORS, BOOKS, REVIEWS, USERS
from tests.capture.ucsd.landed import import_dumps, records
from tests.capture.ucsd.made_up import AUTHOR, BOOK, REVIEW, SPOILER, WORK, write_dump

REVIEW_ID, USER_ID = "8999544651050978654", "6857497055887572301"

texts = st.text(st.characters(codec="utf-8", exclude_characters="<&"))
spread = st.sampled_from(['"', ",", "\r", "\n", "\r\n", "é", "本", "a", " "])


def landed(folder: Path, **dumps: dict[str, Any]) -> None:
    """Import dumps of one line each."""
    import_dumps(
        folder, *(write_dump(folder / f"{name}.json.gz", [record]) for name, record in dumps.items())
    )


def test_an_author_has_what_the_dump_says_and_the_address_of_the_profile(tmp_path: Path) -> None:
    landed(tmp_path, goodreads_book_authors=AUTHOR)
    assert records(tmp_path, AUTHORS) == [
        {
            "author_id": "604031",
            "name": "Ronald J. Fields",
            "role": "",
            "profile_url": "https://www.goodreads.com/author/show/604031",
            "average_rating": "3.98",
            "rating_count": "49",
            "text_review_count": "7",
            "record_create_timestamp": "2017-11-01 00:00:00",
        }
    ]


def test_a_book_has_its_first_author_and_its_year_as_published(tmp_path: Path) -> None:
    landed(tmp_path, goodreads_books=BOOK)
    assert records(tmp_path, BOOKS) == [
        {
            "book_id": "5333265",
            "title": "W.C. Fields: A Life on Film",
            "title_without_series": "W.C. Fields: A Life on Film",
            "image_url": "https://images.gr-assets.com/books/1310220028m/5333265.jpg",
            "book_url": "https://www.goodreads.com/book/show/5333265-w-c-fields",
            "num_pages": "256",
            "format": "Paperback",
            "edition_information": "",
            "publisher": "St. Martin's Press",
            "publication_day": "1",
            "publication_year": "1984",
            "publication_month": "9",
            "average_rating": "4.00",
            "ratings_count": "3",
            "description": "",
            "authors": "604031",
            "published": "1984",
            "record_create_timestamp": "2017-11-01 00:00:00",
        }
    ]


def test_a_book_is_first_published_when_its_work_was(tmp_path: Path) -> None:
    landed(tmp_path, goodreads_books=BOOK, goodreads_book_works=WORK)
    (book,) = records(tmp_path, BOOKS)
    assert (book["published"], book["publication_year"]) == ("1979", "1984")


@pytest.mark.parametrize(
    ("of_work", "of_book", "published"),
    [
        ({"original_publication_year": "-800"}, {}, "-800"),
        ({"original_publication_year": 1979}, {}, "1979"),
        ({"original_publication_year": "0"}, {}, "0"),
        ({}, {"work_id": 5400751}, "1979"),
        ({"original_publication_year": "1979"}, {"publication_year": ""}, "1979"),
        ({"original_publication_year": ""}, {}, "1984"),
        ({"original_publication_year": None}, {}, "1984"),
        ({"work_id": "1"}, {}, "1984"),
        ({}, {"work_id": ""}, "1984"),
        ({}, {"work_id": None}, "1984"),
        ({}, {"work_id": "unknown"}, "1984"),
    ],
)
def test_the_year_of_a_book_whose_work_says_nothing_is_that_of_the_edition(
    tmp_path: Path, of_work: dict[str, Any], of_book: dict[str, Any], published: str
) -> None:
    landed(tmp_path, goodreads_books=BOOK | of_book, goodreads_book_works=WORK | of_work)
    (book,) = records(tmp_path, BOOKS)
    assert book["published"] == published


@pytest.mark.parametrize(
    "year", ["19790", "-4001", "1979.5", "long ago", 1e400, [1979], pytest.param(10**400, id="digits")]
)
def test_an_impossible_year_of_a_work_is_counted_and_nothing_else_is_lost(
    tmp_path: Path, year: object
) -> None:
    works: list[dict[str, Any]] = [WORK | {"original_publication_year": year, "work_id": "7"}, WORK]
    dumps = (
        write_dump(tmp_path / "goodreads_book_works.json.gz", works),
        write_dump(tmp_path / "goodreads_books.json.gz", [BOOK, BOOK | {"book_id": "2", "work_id": "7"}]),
    )
    of_works, of_books = import_dumps(tmp_path, *dumps)
    assert of_works.emptied.counts == {"books.published": 1}
    assert not of_books.emptied.counts
    assert (of_works.lines, of_works.records, of_works.left_out, of_works.rejected) == (2, 0, 2, 0)
    assert [book["published"] for book in records(tmp_path, BOOKS)] == ["1979", "1984"]


def test_a_limit_of_lines_does_not_hold_for_works(tmp_path: Path) -> None:
    works = [WORK | {"work_id": str(number)} for number in range(1, 5)]
    dumps = (
        write_dump(tmp_path / "goodreads_book_works.json.gz", [*works, WORK]),
        write_dump(tmp_path / "goodreads_books.json.gz", [BOOK, BOOK | {"book_id": "2"}]),
    )
    of_works, of_books = import_dumps(tmp_path, *dumps, limit=1)
    assert (of_works.lines, of_books.lines) == (5, 1)
    assert [book["published"] for book in records(tmp_path, BOOKS)] == ["1979"]


def test_a_review_is_as_old_as_its_last_change_and_has_its_books_author(tmp_path: Path) -> None:
    landed(tmp_path, goodreads_reviews_dedup=REVIEW, goodreads_books=BOOK)
    assert records(tmp_path, REVIEWS) == [
        {
            "review_id": REVIEW_ID,
            "user_id": USER_ID,
            "book_id": "5333265",
            "author_id": "604031",
            "review_text": 'A "life", on film. It was good.',
            "review_rating": "5",
            "review_votes": "16",
            "spoiler_flag": "",
            "spoiler_state": "",
            "review_added_date": "Fri Aug 25 13:55:02 -0700 2017",
            "review_updated_date": "Mon Oct 09 08:55:59 -0700 2017",
            "review_read_count": "",
            "comments_count": "0",
            "review_url": "",
            "record_create_timestamp": "2017-10-09 15:55:59",
        }
    ]


def test_a_review_without_its_book_has_no_author(tmp_path: Path) -> None:
    landed(tmp_path, goodreads_reviews_dedup=REVIEW, goodreads_books=BOOK | {"book_id": "7"})
    assert [record["author_id"] for record in records(tmp_path, REVIEWS)] == [""]


@pytest.mark.parametrize(
    ("dates", "version"),
    [
        ({"date_updated": ""}, "2017-08-25 20:55:02"),
        ({"date_updated": "", "date_added": ""}, "2017-11-01 00:00:00"),
    ],
)
def test_the_version_of_a_review_that_was_never_changed_is_the_date_it_was_added(
    tmp_path: Path, dates: dict[str, str], version: str
) -> None:
    landed(tmp_path, goodreads_reviews_poetry=REVIEW | dates)
    assert [record["record_create_timestamp"] for record in records(tmp_path, REVIEWS)] == [version]


def test_a_review_of_the_spoiler_dump_is_one_text_with_the_flag_and_older_than_the_whole_review(
    tmp_path: Path,
) -> None:
    landed(tmp_path, goodreads_reviews_spoiler=SPOILER, goodreads_reviews_spoiler_raw=REVIEW)
    spoiler, whole = records(tmp_path, REVIEWS)
    assert whole["review_id"] == spoiler["review_id"] == REVIEW_ID
    assert spoiler["review_text"] == "A life on film. He dies."
    assert spoiler["spoiler_flag"] == "True"
    assert spoiler["record_create_timestamp"] == "2017-10-09 00:00:00"
    assert whole["record_create_timestamp"] == "2017-10-09 15:55:59"


def test_each_user_of_a_dump_is_one_record_with_the_id_only(tmp_path: Path) -> None:
    other = REVIEW | {"user_id": "0" * 32}
    write_dump(tmp_path / "goodreads_reviews_dedup.json.gz", [REVIEW, other, REVIEW])
    import_dumps(tmp_path, tmp_path / "goodreads_reviews_dedup.json.gz")
    empty = dict.fromkeys(USERS.column_names, "") | {"record_create_timestamp": "2017-11-01 00:00:00"}
    assert records(tmp_path, USERS) == [
        empty | {"user_id": "4611686018427387904"},
        empty | {"user_id": USER_ID},
    ]


def test_each_dump_has_only_its_own_users(tmp_path: Path) -> None:
    landed(
        tmp_path,
        goodreads_reviews_poetry=REVIEW,
        goodreads_reviews_romance=REVIEW | {"user_id": "0" * 32},
    )
    assert [record["user_id"] for record in records(tmp_path, USERS)] == [USER_ID, "4611686018427387904"]


def test_absent_and_null_fields_are_empty(tmp_path: Path) -> None:
    landed(tmp_path, goodreads_books={"book_id": "1"}, goodreads_book_authors=AUTHOR | {"name": None})
    expected = dict.fromkeys(BOOKS.column_names, "")
    expected |= {"book_id": "1", "record_create_timestamp": "2017-11-01 00:00:00"}
    assert records(tmp_path, BOOKS) == [expected]
    assert records(tmp_path, AUTHORS)[0]["name"] == ""


@pytest.mark.slow
@given(title=texts, image_url=st.one_of(texts, st.lists(spread).map("".join)))
def test_any_text_comes_back_and_what_people_wrote_is_on_one_line(
    tmp_path_factory: pytest.TempPathFactory, title: str, image_url: str
) -> None:
    folder = tmp_path_factory.mktemp("import")
    landed(folder, goodreads_books=BOOK | {"title": title, "image_url": image_url})
    (record,) = records(folder, BOOKS)
    assert (record["title"], record["image_url"]) == (" ".join(title.split()), image_url)


def test_tags_and_entities_are_read_as_a_capture_reads_them(tmp_path: Path) -> None:
    landed(
        tmp_path,
        goodreads_books=BOOK | {"description": "Romeo &amp; Juliet<br />in <i>Verona</i>"},
        goodreads_reviews_dedup=REVIEW | {"review_text": "Good.\n\nVery <b>good</b>."},
        goodreads_book_authors=AUTHOR | {"name": "Ann  Example"},
    )
    assert records(tmp_path, BOOKS)[0]["description"] == "Romeo & Juliet in Verona"
    assert records(tmp_path, REVIEWS)[0]["review_text"] == "Good. Very good."
    assert records(tmp_path, AUTHORS)[0]["name"] == "Ann Example"


offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1900, 1, 2), datetime(2099, 12, 30), timezones=offsets))  # noqa: DTZ001 - by timezones
def test_a_date_of_goodreads_becomes_a_version_in_utc(moment: datetime) -> None:
    expected = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    assert version_of(moment.strftime("%a %b %d %H:%M:%S %z %Y")) == expected


def test_a_date_keeps_its_instant() -> None:
    assert version_of("Wed Mar 22 11:37:04 -0700 2017") == "2017-03-22 18:37:04"
    assert version_on("2016-01-14") == "2016-01-14 00:00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2017-03-22",
        "Wed Mar 22 11:37:04 -0700 201",
        "Wed Mrz 22 11:37:04 -0700 2017",
        "Wed Feb 30 11:37:04 -0700 2017",
        "Wed Mar 22 11:37:04 -0700 2017 ",
        "Sat Jan 01 00:00:00 +1200 0001",
    ],
)
def test_what_is_no_date_of_goodreads_is_refused_by_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date like 'Wed Mar 22 11:37:04 -0700 2017'") as refused:
        version_of(text)
    assert repr(text) in str(refused.value)


def test_what_is_no_day_is_refused_by_value() -> None:
    with pytest.raises(ValueError, match=r"'14\.1\.2016' is not a date like '2017-03-22'"):
        version_on("14.1.2016")
