"""What becomes of an item: its dates, in the forms that RSS allows, and what has no key."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture import ids
from capture.follower.reading import items_of
from capture.follower.records import fingerprint, records_of, without_book
from capture.spool.spool import Records
from tests.capture.follower.shelves import FEED, Entry, page_xml

NOW = datetime(2020, 2, 19, 21, 38, tzinfo=UTC)
API = "Mon Mar 06 12:02:40 -0800 2017"


def review_of(entry: Entry) -> tuple[dict[str, str], list[str]]:
    """The review of an entry, and the texts that became empty."""
    emptied = list[tuple[str, str]]()
    items = items_of(page_xml([entry])).items
    (review,) = records_of(FEED, items, "now", NOW, lambda *each: emptied.append(each))["reviews"]
    assert {column for column, _ in emptied} <= {"reviews.review_added_date"}
    return review, [text for _, text in emptied]


def added(date: str) -> str:
    return review_of(Entry(1, added=date))[0]["review_added_date"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mon, 06 Mar 2017 12:02:40 -0800", API),
        ("Mon, 6 Mar 2017 12:02:40 -0800", API),
        ("06 Mar 2017 12:02:40 -0800", API),
        ("Mon, 06  Mar 2017 12:02:40 PST", API),
        ("Mon, 06 Mar 2017 20:02:40 GMT", "Mon Mar 06 20:02:40 +0000 2017"),
        ("Mon, 06 Mar 2017 12:02 -0800", "Mon Mar 06 12:02:00 -0800 2017"),
        (API, API),
    ],
)
def test_a_date_may_be_written_as_in_mail(written: str, read: str) -> None:
    assert added(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2017",
        "Mar 2017",
        "Mon, 06 Mar 2017",
        "Mon, 31 Feb 2017 12:02:40 -0800",
        "Mon, 06 Mar 2017 12:02:40 -9900",
        "Mon, 06 Mar 2017 12:02:40",
        "Mon, 06 Mar 17 12:02:40 -0800",
    ],
)
def test_another_text_and_a_moment_that_is_not_certain_are_no_date(written: str) -> None:
    review, emptied = review_of(Entry(1, added=written))
    assert (review["review_added_date"], emptied) == ("", [written] if written else [])
    assert review["review_updated_date"] == written  # for the rules to judge


READ = "Wed, 07 Aug 2019 00:00:00 -0700"
READ_API = "Wed Aug 07 00:00:00 -0700 2019"
ADDED = "Mon, 06 Mar 2017 12:02:40 -0800"


@pytest.mark.parametrize(
    ("read", "shelved", "since", "impossible"),
    [
        (READ, ADDED, READ_API, []),
        (ADDED, READ, READ_API, []),
        (READ, "", READ_API, []),
        (
            "Wed, 07 Aug 2019 03:00:00 -0700",
            "Wed, 07 Aug 2019 09:30:00 +0000",
            "Wed Aug 07 03:00:00 -0700 2019",
            [],
        ),
        ("Sun, 07 Aug 2199 00:00:00 -0700", ADDED, API, ["Sun, 07 Aug 2199 00:00:00 -0700"]),
        ("Fri, 21 Feb 2020 00:00:00 -0000", ADDED, API, ["Fri, 21 Feb 2020 00:00:00 -0000"]),
        ("Thu, 20 Feb 2020 00:00:00 -0700", ADDED, "Thu Feb 20 00:00:00 -0700 2020", []),
        (READ, "Mon, 06 Mar 1817 12:02:40 -0800", READ_API, ["Mon, 06 Mar 1817 12:02:40 -0800"]),
        (READ, "Wed, 31 Feb 2017 12:02:40 -0800", READ_API, ["Wed, 31 Feb 2017 12:02:40 -0800"]),
        ("Wed, 07 Aug 2019 00:00:00 -2300", ADDED, API, ["Wed, 07 Aug 2019 00:00:00 -2300"]),
        ("soon", "late", "", ["soon", "late"]),
    ],
)
def test_the_day_of_a_review_is_the_later_of_its_possible_days(
    read: str, shelved: str, since: str, impossible: list[str]
) -> None:
    review, emptied = review_of(Entry(1, read_at=read, added=shelved))
    assert (review["review_added_date"], emptied) == (since, impossible)


def test_no_review_has_changed_before_it_was_written() -> None:
    """`pubDate` is then the moment of shelving, and the moment of the last change is not known."""
    review, emptied = review_of(Entry(1, read_at=READ, added=ADDED))
    assert (review["review_updated_date"], emptied) == ("", [])
    review, emptied = review_of(Entry(1, read_at=ADDED, added=READ))
    assert (review["review_updated_date"], emptied) == (READ_API, [])


def test_the_fingerprint_of_a_review_is_that_of_earlier_spools() -> None:
    """Otherwise each review on a followed shelf would land as a new version with the next look."""
    (item,) = items_of(page_xml([Entry(1, read_at=READ, shelves="own, favorites", review="Good.")])).items
    assert fingerprint(item) == "f68a2d6d99c0ba24942f243b5d6e042578916c5246e4021417c89639b52b99c2"


def test_an_author_without_a_name_has_no_record() -> None:
    records = records_of(FEED, items_of(page_xml([Entry(1, author="")])).items, "now", NOW, print)
    assert records["authors"] == []
    assert [book["authors"] for book in records["books"]] == [""]


BOOK_ID = "<book_id>13001</book_id>"


def of_page(page: str) -> Records:
    return records_of(FEED, items_of(page.encode()).items, "now", NOW, print)


def without_number(entry: Entry, instead: str = "") -> str:
    """A page of an entry whose book has no number."""
    return page_xml([entry]).decode().replace(BOOK_ID, instead).replace(' id="13001"', "")


@pytest.mark.parametrize("instead", ["", "<book_id/>", "<book_id> </book_id>", '<book_id nil="true"/>'])
@pytest.mark.parametrize(
    ("isbns", "made"),
    [
        ("<isbn>0061054887</isbn>", ids.of_book("9780061054884", "", "")),
        ("<isbn/><isbn13>9780061054884</isbn13>", ids.of_book("0061054887", "", "")),
        (
            "<isbn>0061054880</isbn>",
            ids.of_book("", "The Dispossessed (Hainish Cycle #6)", "Ursula K. Le Guin"),
        ),
        ("", ids.of_book("", "the dispossessed hainish cycle 6", "ursula k le guin")),
    ],
)
def test_a_book_without_a_number_gets_the_id_that_every_source_makes(
    instead: str, isbns: str, made: int
) -> None:
    records = of_page(without_number(Entry(1), instead).replace("<isbn>0061054887</isbn>", isbns))
    (review,), (book,) = records["reviews"], records["books"]
    assert review["book_id"] == book["book_id"] == str(made)
    assert ids.is_made(made)
    assert (book["title"], book["book_url"]) == ("The Dispossessed (Hainish Cycle #6)", "")


def test_the_number_of_a_book_counts_wherever_the_item_has_it() -> None:
    records = of_page(page_xml([Entry(1)]).decode().replace(BOOK_ID, ""))
    assert [book["book_id"] for book in records["books"]] == ["13001"]
    assert [book["book_url"] for book in records["books"]] == ["https://www.goodreads.com/book/show/13001"]
    assert records == of_page(page_xml([Entry(1)]).decode())


def test_a_book_that_gets_a_number_is_a_change_of_its_review() -> None:
    pages = [without_number(Entry(1)), without_number(Entry(1, title="")), page_xml([Entry(1)]).decode()]
    assert len({fingerprint(items_of(page.encode()).items[0]) for page in pages[::2]}) == 2
    without_isbn = [page.replace("0061054887", "") for page in pages]
    assert len({fingerprint(items_of(page.encode()).items[0]) for page in without_isbn}) == 3


@pytest.mark.parametrize("title", ["", " ", "<b></b>", "\u200b", "\ufeff"])
@pytest.mark.parametrize("author", ["", "Ursula K. Le Guin"])
def test_an_item_without_a_title_makes_no_record_of_its_book(title: str, author: str) -> None:
    page = page_xml([Entry(1, title=title, author=author)])
    records = of_page(page.decode())
    assert records["books"] == []
    assert [review["book_id"] for review in records["reviews"]] == ["13001"]
    assert len(records["authors"]) == bool(author)
    assert without_book(items_of(page).items[0]) == "the book has no title"


def test_an_item_without_a_title_hides_no_other_item_with_the_same_book() -> None:
    titles = [Entry(1, book=7, title=""), Entry(2, book=7, title="Dune")]
    assert [book["title"] for book in of_page(page_xml(titles).decode())["books"]] == ["Dune"]


def test_a_review_of_a_book_that_nothing_names_stays() -> None:
    page = without_number(Entry(1, title="")).replace("0061054887", "")
    records = of_page(page)
    assert records["books"] == []
    assert [review["book_id"] for review in records["reviews"]] == [""]
    (item,) = items_of(page.encode()).items
    assert without_book(item) == "the book has no number, no ISBN and no title"


PARTS = ["Mon,", "06", "Mar", "2017", "12:02:40", "12:", "24:00:00", "-0800", "GMT", "+9900", "0", "(x)", '"']


@given(
    st.lists(
        st.sampled_from(PARTS) | st.text(st.characters(codec="ascii", categories=["L", "N"])), max_size=7
    )
)
def test_no_date_makes_an_item_fail(parts: list[str]) -> None:
    written = " ".join(parts)
    review, emptied = review_of(Entry(1, added=written))
    assert (review["review_added_date"] == "") == (not written.strip() or emptied == [written.strip()])
