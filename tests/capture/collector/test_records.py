"""From `review/show` to records."""

from datetime import UTC, datetime
from typing import Any

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st

from capture.collector.records import at, children, records_of, text_of
from catalog import DATASETS
from stacks import ROOT

REAL = ROOT.parent / "shared" / "data" / "goodreads_api" / "review_list.xml"
NOW = datetime(2020, 2, 19, 21, 38, 16, tzinfo=UTC)
SMALL = {
    "id": "7",
    "user": {"id": "8", "name": "Dan"},
    "book": {"id": {"@type": "integer", "#text": "9"}, "authors": {"author": {"id": "1", "name": "Ann"}}},
}


@pytest.fixture(scope="module")
def real() -> list[Any]:
    if not REAL.exists():
        pytest.skip("the real answer of Goodreads is not on this machine")
    return children(xmltodict.parse(REAL.read_bytes())["GoodreadsResponse"]["reviews"], "review")


def test_a_real_review_gives_its_own_words_and_numbers(real: list[Any]) -> None:
    found = records_of(real[0], NOW)
    assert found["reviews"] == [
        {
            "review_id": "2047743428",
            "user_id": "",
            "book_id": "26065653",
            "author_id": "8343775",
            "review_text": "",
            "review_rating": "0",
            "review_votes": "0",
            "spoiler_flag": "false",
            "spoiler_state": "none",
            "review_added_date": "Sun Jul 02 21:34:45 -0700 2017",
            "review_updated_date": "Sun Jul 02 21:34:49 -0700 2017",
            "review_read_count": "0",
            "comments_count": "0",
            "review_url": "https://www.goodreads.com/review/show/2047743428",
            "record_create_timestamp": "2020-02-19 21:38:16.000000",
        }
    ]
    assert found["authors"] == [
        {
            "author_id": "8343775",
            "name": "Amy Alward",
            "role": "",
            "profile_url": "https://www.goodreads.com/author/show/8343775.Amy_Alward",
            "average_rating": "3.82",
            "rating_count": "3817",
            "text_review_count": "714",
            "record_create_timestamp": "2020-02-19 21:38:16.000000",
        }
    ]
    (book,) = found["books"]
    assert book["publisher"] == "Simon & Schuster Children's UK"
    assert book["description"].startswith(
        "Stolen memories, a lost diary and a race against time... Having saved Princess Evelyn"
    )
    assert (book["publication_day"], book["publication_month"], book["publication_year"]) == (
        "11",
        "8",
        "2016",
    )
    assert book["authors"] == "8343775"


def test_what_a_real_review_lacks_is_empty(real: list[Any]) -> None:
    found = records_of(real[1], NOW)
    (book,) = found["books"]
    assert [book[name] for name in ("num_pages", "format", "publisher", "publication_year", "published")] == [
        ""
    ] * 5
    assert found["users"] == []


def test_every_record_has_the_columns_of_the_catalog() -> None:
    found = records_of(SMALL, NOW)
    assert {name: [set(row) for row in rows] for name, rows in found.items()} == {
        dataset.name: [set(dataset.column_names)] for dataset in DATASETS
    }


def test_each_author_of_a_book_is_a_record_and_the_first_one_is_the_books() -> None:
    authors = [{"id": "3", "name": "Cy", "role": None}, {"id": "1", "name": "Ann", "role": "Illustrator"}]
    found = records_of({**SMALL, "book": {"id": "9", "authors": {"author": authors}}}, NOW)
    assert [(row["author_id"], row["name"], row["role"]) for row in found["authors"]] == [
        ("3", "Cy", ""),
        ("1", "Ann", "Illustrator"),
    ]
    assert (found["reviews"][0]["author_id"], found["books"][0]["authors"]) == ("3", "3")


def test_an_author_named_for_two_roles_is_one_record_with_both() -> None:
    authors = [{"id": "3", "role": role} for role in ("Writer", "Artist", "Writer", None)]
    found = records_of({**SMALL, "book": {"id": "9", "authors": {"author": authors}}}, NOW)
    assert [row["role"] for row in found["authors"]] == ["Writer, Artist"]


def test_a_review_without_user_book_or_authors_is_still_a_review() -> None:
    found = records_of({"id": "7", "user": None, "book": {"@nil": "true"}}, NOW)
    assert [(name, len(rows)) for name, rows in found.items()] == [
        ("authors", 0),
        ("books", 0),
        ("reviews", 1),
        ("users", 0),
    ]


def test_words_are_cleaned_and_addresses_are_not() -> None:
    review = {
        **SMALL,
        "body": "\n <b>Good</b>.<br/>I&#39;d say ",
        "url": "https://a.b/?x=1&copy=2",
        "user": {"id": "8", "display_name": "Jill  &amp; Kirtley", "link": "https://a.b/?x=1&amp;y"},
    }
    found = records_of(review, NOW)
    assert (found["reviews"][0]["review_text"], found["reviews"][0]["review_url"]) == (
        "Good. I'd say",
        "https://a.b/?x=1&copy=2",
    )
    assert (found["users"][0]["user_display_name"], found["users"][0]["profile_link"]) == (
        "Jill & Kirtley",
        "https://a.b/?x=1&amp;y",
    )


_ELEMENTS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.text(),
    lambda inner: (
        st.lists(inner, min_size=2)
        | st.dictionaries(
            st.sampled_from(["@nil", "#text", "id", "name", "author", "authors", "role", "link"]), inner
        )
    ),
    max_leaves=12,
)


@pytest.mark.slow
@given(user=_ELEMENTS, book=_ELEMENTS, authors=_ELEMENTS, body=_ELEMENTS)
def test_whatever_the_elements_look_like_keys_are_never_empty(
    user: Any, book: Any, authors: Any, body: Any
) -> None:
    if isinstance(book, dict):
        book = {**book, "authors": authors}
    found = records_of({"id": "7", "user": user, "book": book, "body": body}, NOW)
    assert [row["review_id"] for row in found["reviews"]] == ["7"]
    for dataset in DATASETS:
        assert all(row[dataset.key] for row in found[dataset.name])
        assert all(isinstance(value, str) for row in found[dataset.name] for value in row.values())
    authors_found = [row["author_id"] for row in found["authors"]]
    assert len(set(authors_found)) == len(authors_found)


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


def test_a_path_gives_the_first_of_several_elements_or_none() -> None:
    review = parsed("<review><book><author><id>1</id></author><author><id>2</id></author></book></review>")
    assert at(review, "review/book/author/id") == "1"
    assert at(review, "review/user/id") is None
    assert at(review, "review/book/author/id/deeper") is None


def test_an_element_that_comes_twice_gives_its_first_text() -> None:
    assert text_of(parsed("<a><link>x</link><link>y</link></a>")["a"]["link"]) == "x"
