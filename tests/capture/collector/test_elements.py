"""Elements as xmltodict gives them."""

from typing import Any

import pytest
import xmltodict

from capture.collector.elements import at, children, text_of


def parsed(xml: str) -> Any:
    return xmltodict.parse(xml)


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<id>12</id>", "12"),
        ('<id type="integer">12</id>', "12"),
        ('<isbn nil="true"/>', ""),
        ('<isbn nil="true"></isbn>', ""),
        ("<body/>", ""),
        ("<body>  \n </body>", ""),
        (
            '<image_url nophoto="true">\n<![CDATA[https://a.b/c?d=1&e=2]]>\n</image_url>',
            "https://a.b/c?d=1&e=2",
        ),
        ("<name>Simon &amp; Schuster</name>", "Simon & Schuster"),
        ("<name><first>A</first></name>", ""),
    ],
)
def test_the_text_of_an_element_whatever_its_attributes(xml: str, text: str) -> None:
    assert text_of(next(iter(parsed(xml).values()))) == text


@pytest.mark.parametrize(
    ("xml", "ids"),
    [
        ("<authors><author><id>1</id></author><author><id>2</id></author></authors>", ["1", "2"]),
        ("<authors><author><id>1</id></author></authors>", ["1"]),
        ("<authors><author/></authors>", []),
        ("<authors/>", []),
        ("<authors>none known</authors>", []),
    ],
)
def test_children_are_a_list_whether_there_are_several_one_or_none(xml: str, ids: list[str]) -> None:
    assert [text_of(each["id"]) for each in children(parsed(xml)["authors"], "author")] == ids


def test_a_path_leads_to_the_first_of_several_and_to_none_where_there_is_nothing() -> None:
    review = parsed("<review><book><author><id>1</id></author><author><id>2</id></author></book></review>")
    assert at(review, "review/book/author/id") == "1"
    assert at(review, "review/user/id") is None
    assert at(review, "review/book/author/id/deeper") is None


def test_an_element_that_comes_twice_gives_its_first_text() -> None:
    assert text_of(parsed("<a><link>x</link><link>y</link></a>")["a"]["link"]) == "x"
