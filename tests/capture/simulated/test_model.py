"""Texts as a reader sees them and as Goodreads serves them, and XML that holds any text."""

from html import unescape

import xmltodict
from hypothesis import given
from hypothesis import strategies as st

from capture.simulated import Prose
from capture.simulated.answers import CData, With, document

XML_TEXT = st.text(
    st.characters(
        exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff", include_characters="\n\t"
    )
).map(str.strip)


def test_prose_is_plain_in_one_line_and_html_with_tags_and_entities() -> None:
    prose = Prose(("I <3 it & her.", 'She said "no".'))
    assert prose.plain == 'I <3 it & her. She said "no".'
    assert prose.html == "<b>I &lt;3 it &amp; her.</b><br /><br />She said &quot;no&quot;."


def test_prose_without_paragraphs_is_empty() -> None:
    assert (Prose(()).plain, Prose(()).html) == ("", "")


@given(st.lists(XML_TEXT.filter(bool), min_size=1))
def test_html_without_its_tags_and_entities_is_the_plain_text(paragraphs: list[str]) -> None:
    prose = Prose(tuple(paragraphs))
    bare = prose.html.replace("<b>", "").replace("</b>", "").replace("<br /><br />", " ")
    assert unescape(bare) == prose.plain


@given(XML_TEXT, st.booleans())
def test_any_text_is_read_back_from_an_element_and_from_a_cdata_section(text: str, in_cdata: bool) -> None:
    read = xmltodict.parse(document("a", CData(text) if in_cdata else text), strip_whitespace=False)["a"]
    assert (read or "") == text


def test_attributes_lists_and_empty_elements_are_written() -> None:
    made = document("a", {"b": [With({"nil": "true"}), With({"type": "integer"}, 1)], "c": None, "d": []})
    assert [line.strip() for line in made.decode().splitlines()] == [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<a>",
        '<b nil="true"/>',
        '<b type="integer">1</b>',
        "<c/>",
        "</a>",
    ]
