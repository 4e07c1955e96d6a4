"""What becomes of an item: its dates, in the forms that RSS allows, and what has no key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.follower.reading import items_of
from capture.follower.records import records_of
from tests.capture.follower.shelves import FEED, Entry, page_xml

API = "Mon Mar 06 12:02:40 -0800 2017"


def added(date: str) -> str:
    (review,) = records_of(FEED, items_of(page_xml([Entry(1, added=date)])).items, "now")["reviews"]
    return review["review_added_date"]


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
def test_another_text_and_a_moment_that_is_not_certain_stay_for_the_rules_to_judge(written: str) -> None:
    assert added(written) == written


def test_an_author_without_a_name_has_no_record() -> None:
    records = records_of(FEED, items_of(page_xml([Entry(1, author="")])).items, "now")
    assert records["authors"] == []
    assert [book["authors"] for book in records["books"]] == [""]


PARTS = ["Mon,", "06", "Mar", "2017", "12:02:40", "12:", "24:00:00", "-0800", "GMT", "+9900", "0", "(x)", '"']


@given(
    st.lists(
        st.sampled_from(PARTS) | st.text(st.characters(codec="ascii", categories=["L", "N"])), max_size=7
    )
)
def test_no_date_makes_an_item_fail(parts: list[str]) -> None:
    assert (added(" ".join(parts)) == "") == (not "".join(parts).strip())
