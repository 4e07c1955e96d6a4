"""Goodreads' answers with characters that XML 1.0 forbids, and what stays of them."""

import logging
from html import escape
from typing import Any

import pytest
import xmltodict
from hypothesis import example, given
from hypothesis import strategies as st

from capture.collector.reading import NotRead, content_of
from capture.collector.records import at, children, text_of
from capture.simulated.answers import CData, With, document
from capture.well_formed import well_formed

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
ANSWER = f"{DECLARATION}\n<GoodreadsResponse><review><id>7</id><body>%s</body></review></GoodreadsResponse>\n"


def body_of(content: str) -> Any:
    """The text of an answer's `<body>`."""
    return text_of(at(content_of((ANSWER % content).encode()), "review/body"))


@pytest.mark.parametrize(
    "before",
    [
        b"\n",
        b" \t\r\n\r\n",
        b"\xef\xbb\xbf",
        b"\n\xef\xbb\xbf\n",
        b"\xef\xbb\xbf\xef\xbb\xbf",
        b"\xc3\xaf\xc2\xbb\xc2\xbf",
        b"\0\n",
        b"<!-- cached -->",
    ],
    ids=["line", "white space", "BOM", "BOM amid lines", "two BOMs", "BOM encoded twice", "NUL", "comment"],
)
def test_what_stands_before_the_declaration_is_skipped(before: bytes) -> None:
    assert at(content_of(before + (ANSWER % "x").encode()), "review/id") == "7"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_an_answer_in_another_encoding_is_read_by_its_byte_order_mark(encoding: str) -> None:
    answer = (ANSWER % "é😀").replace("UTF-8", "UTF-16")
    assert at(content_of(("\ufeff" + answer).encode(encoding)), "review/body") == "é😀"


def test_an_answer_in_another_encoding_is_read_by_its_declaration() -> None:
    answer = (ANSWER % "é").replace("UTF-8", "iso-8859-1").encode("iso-8859-1")
    assert at(content_of(b"\n" + answer), "review/body") == "é"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("one\x04two", "onetwo"),
        ("one\0two\x7f", "onetwo\x7f"),
        ("one\x0btwo\x0cthree\x1ffour", "one two three four"),
        ("one\ufffetwo\uffff", "onetwo"),
        ("one&#4;two&#x1F;three&#0;", "onetwo three"),
        ("one&#xFFFE;two&#65535;", "onetwo"),
        ("one&#xD83D;&#xDE00;two", "one😀two"),
        ("one&#xD83D;two&#xDE00;", "one\ufffdtwo\ufffd"),
        ("one&#x110000;two&#999999999;", "one\U0010fffftwo\U0010ffff"),
        ("one&#9999999999;two", "one&#9999999999;two"),
        ("one&#65;&#x42;&#13;&#10;two", "oneAB\r\ntwo"),
        ("one&nbsp;two&eacute;", "one&nbsp;two&eacute;"),
        ("AT&T, R&D &c. &", "AT&T, R&D &c. &"),
        ("&lt;b&gt; &amp;amp; &quot;x&apos;", "<b> &amp; \"x'"),
        ("I <3 you </3 and 1 < 2 << 3 <", "I <3 you </3 and 1 < 2 << 3 <"),
        ("<!wow <!> <? ?>", "<!wow <!> <? ?>"),
        ("a ]]> b", "a ]]> b"),
        ("a<!-- no -- comment -->b<?php x?>c", "abc"),
        ("<![CDATA[one\x04 &#4; &nbsp; <3 <!-- kept --> <b>]]>", "one &#4; &nbsp; <3 <!-- kept --> <b>"),
        ("<![CDATA[one]]> & <![CDATA[two]]>", "one & two"),
    ],
)
def test_a_character_that_xml_forbids_costs_only_itself(content: str, text: str) -> None:
    assert body_of(content) == text


def test_bytes_that_are_no_characters_are_marked() -> None:
    answer = (ANSWER % "<![CDATA[caf@ |]]>").encode().replace(b"@", b"\xe9").replace(b"|", b"\xed\xa0\x80")
    assert at(content_of(answer), "review/body") == "caf\ufffd \ufffd\ufffd\ufffd"


_CHARACTERS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
_CONTENTS = _CHARACTERS | _CHARACTERS.map(CData) | st.builds(With, st.just({"a": "b ]]> & < c"}), _CHARACTERS)


@given(st.dictionaries(st.sampled_from(["id", "body", "name", "review"]), _CONTENTS))
def test_an_answer_that_is_well_formed_is_read_as_any_parser_reads_it(content: dict[str, Any]) -> None:
    answer = document("GoodreadsResponse", {"Request": "x", **content})
    assert content_of(answer) == xmltodict.parse(answer)["GoodreadsResponse"]


_ODD_PARTS = st.sampled_from(
    [
        *"\0\x04\x0b\x1f\x7f\x85\ufffe\uffff\ufeff\ufffd&<;# \r\n\"'-!?é😀",
        *("&#0;", "&#x1F;", "&#xD800;", "&#xDC00;", "&nbsp;", "&#", "&#x;", "&#99999999999999999999;"),
        *("<3", "</ ", "<!", "]]>"),
    ]
)
_ODD = st.lists(_ODD_PARTS | st.characters(exclude_categories=["Cs"])).map("".join)


@given(_ODD)
@example("<!--")
@example("<?x")
def test_any_text_in_an_element_leaves_the_answer_well_formed(text: str) -> None:
    for content in (escape(text), text.replace("<", "&lt;"), f"<![CDATA[{text.replace(']]>', '')}]]>"):
        assert xmltodict.parse(well_formed(ANSWER % content))["GoodreadsResponse"]["review"]["id"] == "7"


@pytest.mark.slow
@given(_ODD.filter(lambda text: "<" not in text and "]]>" not in text))
def test_a_well_formed_text_is_not_changed_again(text: str) -> None:
    once = well_formed(ANSWER % text)
    assert well_formed(once) == once


FEED = f"{DECLARATION}<GoodreadsResponse><reviews>%s</reviews></GoodreadsResponse> \n"
BROKEN = ["<br>", "</body>", "</review>", "</body></review></reviews></GoodreadsResponse>"]
BROKEN += ["<a b=c>", "<a b='", "<b", "<!--", "<![CDATA[", "<é☃>", "<!DOCTYPE a>", "<a x='' x=''/>"]


def review(number: int, body: str) -> str:
    return f"<review>\n<id type='integer'> {number} </id><user><id>8</id></user><body>{body}</body><reviews_count>1</reviews_count></review>"


def ids_of(feed: bytes) -> list[str]:
    found = children(at(content_of(feed), "reviews"), "review")
    return [text_of(at(each, "id")) for each in found]


@pytest.mark.parametrize("broken", BROKEN)
def test_one_review_that_is_no_xml_keeps_no_other_out_of_the_feed(broken: str) -> None:
    reviews = [review(1, "<![CDATA[x]]>"), review(2, broken), review(3, "y")]
    assert ids_of((FEED % "".join(reviews)).encode()) == ["1", "2", "3"]


_NO_XML = st.sampled_from(BROKEN) | _ODD_PARTS.filter("]]>".__ne__)


@pytest.mark.slow
@given(st.lists(st.lists(_NO_XML).map("".join), min_size=1))
def test_every_review_of_a_feed_is_named_whatever_is_in_it(bodies: list[str]) -> None:
    feed = FEED % "".join(review(number, body) for number, body in enumerate(bodies))
    assert ids_of(feed.encode()) == [str(number) for number in range(len(bodies))]


def test_it_is_told_that_only_ids_were_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    ids_of((FEED % (review(1, "<br>") + review(2, ""))).encode())
    assert "the feed is not valid XML (mismatched tag" in caplog.text
    assert "only the ids of its 2 reviews are read" in caplog.text


def test_a_review_without_an_id_is_shown_by_its_beginning() -> None:
    feed = FEED % ("<review><body>the <br> one</body></review>" + review(2, ""))
    found = children(at(content_of(feed.encode()), "reviews"), "review")
    assert found[0]["excerpt"].startswith("<body>the <br> one</body></review>")
    assert found[1]["id"].strip() == "2"


@given(st.data())
def test_an_answer_that_was_cut_off_anywhere_is_never_taken_for_a_whole_one(data: st.DataObject) -> None:
    broken = data.draw(st.sampled_from(["", *BROKEN]))
    feed = (FEED % (review(1, "<![CDATA[x]]>") + review(2, broken) + review(3, ""))).encode()
    whole = feed.rstrip()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    if cut.endswith(b"</GoodreadsResponse>"):  # the broken review says so itself
        return
    with pytest.raises(NotRead):
        content_of(cut)


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["<![CDATA[", "<!--", "&#", "&#1;", "<", "&", "]]>", "<?x", "<review>", "</review>"]
)
def test_a_million_characters_of_one_kind_are_read_like_a_few(part: str) -> None:
    times = 1_000_000 // len(part)
    assert ids_of((FEED % (review(1, part * times) + review(2, ""))).encode())[0] == "1"
