"""What stands in the elements of a feed is read whole, in whatever way the site has escaped it."""

from datetime import UTC, datetime

import pytest

from capture.follower.reading import Item, items_of
from capture.follower.records import records_of
from tests.capture.follower.shelves import FEED, Entry, page_xml

MARK = "<![CDATA[MARK]]>"
PAGE = page_xml([Entry(1, review="MARK"), Entry(2, review="another")]).decode()


def texts(items: list[Item]) -> list[str]:
    now = datetime(2020, 2, 19, tzinfo=UTC)
    return [review["review_text"] for review in records_of(FEED, items, "now", now, print)["reviews"]]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<![CDATA[fine <b>bold</b> end<br />more]]>", "fine bold end more"),
        ("fine &lt;b&gt;bold&lt;/b&gt; end&lt;br&gt;more", "fine bold end more"),
        ("fine <b>bold</b> end<br/>more", "fine bold end more"),
        ("fine <b>bold</b> end<br>more", "fine bold end more"),
        ("<p>fine", "fine"),
        ("<p>fine &amp; <i>well</p> <3", "fine & well <3"),
        ("before <![CDATA[<b>bold</b>]]> after", "before bold after"),
        ("<![CDATA[a]]]]><![CDATA[> b]]>", "a]]> b"),
        ("<![CDATA[</user_review> <user_review>no <b>end]]>", "no end"),
        ("<![CDATA[caf&eacute; &#128512;]]> caf&eacute;", "caf\u00e9 \U0001f600 caf\u00e9"),
        ("", ""),
    ],
)
def test_a_review_is_read_whole_in_cdata_escaped_or_neither(written: str, read: str) -> None:
    answer = items_of(PAGE.replace(MARK, written).encode())
    assert answer.unread == ()
    assert texts(answer.items) == [read, "another"]


def test_an_element_that_is_closed_at_once_or_never_takes_nothing_of_the_next_item() -> None:
    for written in ("<user_review/>", "<user_review />", "<user_review><b>never"):
        broken = PAGE.replace(f"<user_review>{MARK}</user_review>", written)
        answer = items_of(broken.encode())
        assert [item.review_id for item in answer.items][-1] == Entry(2).review_id
        assert texts(answer.items)[-1] == "another"
