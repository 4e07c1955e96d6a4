"""What stands in the elements of a feed is read whole, in whatever way the site has escaped it, and what is no whole feed is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.follower.reading import Item, NotRead, items_of
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


ENDS = st.lists(
    st.sampled_from(
        [
            " ",
            "\n",
            "\t",
            "\r\n",
            "\x00",
            "<!---->",
            "<!-- 12 ms -->",
            "<!-- </rss> & <b> -->",
            "<!--\n>-->",
            "<?php echo?>",
            "<?x\n>?>",
        ]
    ),
    max_size=6,
).map("".join)
"""What XML allows after the document."""


@given(ENDS)
def test_what_xml_allows_after_the_end_changes_nothing(end: str) -> None:
    assert items_of(f"{PAGE}{end}".encode()) == items_of(PAGE.encode())


def test_what_xml_allows_after_the_end_changes_nothing_for_items_that_are_read_alone() -> None:
    broken = PAGE.replace("<user_rating>", "<br><user_rating>", 1)
    answer = items_of(f"{broken}<!-- 12 ms --><?x y?>\n".encode())
    assert [item.review_id for item in answer.items] == [Entry(2).review_id]
    assert len(answer.unread) == 1
    assert items_of(broken.encode()) == answer


@given(st.integers(0, PAGE.rindex("</rss>") + len("</rss")), ENDS)
def test_a_page_that_is_cut_off_is_refused_whatever_follows(length: int, end: str) -> None:
    with pytest.raises(NotRead):
        items_of(f"{PAGE[:length]}{end}".encode())


@pytest.mark.parametrize("after", ["more", "<b/>", "&amp;", "<!-- --> more"])
def test_what_xml_forbids_after_the_end_is_refused(after: str) -> None:
    with pytest.raises(NotRead, match="does not end with </rss>") as refused:
        items_of(f"{PAGE}{after}".encode())
    assert refused.value.is_feed


@pytest.mark.parametrize("root", ["html", "feed"])
def test_a_page_for_people_that_has_a_feed_in_it_is_no_empty_shelf(root: str) -> None:
    with pytest.raises(NotRead):
        items_of(f"<{root}><p><rss></rss></p></{root}>".encode())


def test_a_feed_that_declares_entities_has_its_reviews() -> None:
    declared = PAGE.replace("<rss", '<!DOCTYPE rss [<!ENTITY a "b">]><rss', 1)
    assert texts(items_of(declared.encode()).items) == ["MARK", "another"]


def test_an_item_without_an_id_costs_itself_however_deep_its_elements_go() -> None:
    deep = f"<item>{'<a>' * 10_000}{'</a>' * 10_000}</item></channel>"
    answer = items_of(PAGE.replace("</channel>", deep).encode())
    assert texts(answer.items) == ["MARK", "another"]
    assert len(answer.unread) == 1
