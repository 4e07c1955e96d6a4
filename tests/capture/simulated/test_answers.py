"""The shape of the answers, asked over HTTP through the wrapper that the collector uses."""

import pytest
import requests
import xmltodict
from goodreads.request import GoodreadsRequestException

from capture.simulated import SimulatedGoodreads
from stacks import ROOT
from tests.capture.simulated.asking import answer, client

REAL_ANSWER = ROOT.parent / "shared" / "data" / "goodreads_api" / "review_list.xml"


def test_a_review_comes_with_its_user_and_its_whole_book(goodreads: SimulatedGoodreads) -> None:
    (review,) = goodreads.publish(1)
    shown = client(goodreads).review(review.id)._review_dict  # noqa: SLF001 - the wrapper has no property for the user
    assert (shown["user"]["id"], shown["user"]["display_name"]) == (
        str(review.user.id),
        review.user.display_name,
    )
    assert shown["book"]["id"] == {"@type": "integer", "#text": str(review.book.id)}
    assert shown["book"]["title"] == review.book.title
    assert shown["date_added"] == review.date_added == "Wed Feb 19 18:36:17 -0800 2020"


def test_all_authors_of_a_book_are_in_its_reviews(goodreads: SimulatedGoodreads) -> None:
    several = next(review for review in goodreads.publish(30) if len(review.book.authors) == 3)
    shown = client(goodreads).review(several.id).book["authors"]["author"]
    assert [author["name"] for author in shown] == [author.name for author in several.book.authors]


def test_a_single_author_is_no_list(goodreads: SimulatedGoodreads) -> None:
    single = next(review for review in goodreads.publish(30) if len(review.book.authors) == 1)
    assert (
        client(goodreads).review(single.id).book["authors"]["author"]["name"] == single.book.authors[0].name
    )


@pytest.mark.parametrize(
    "oddity",
    [
        '<id type="integer">',
        '<isbn13 nil="true"/>',
        '<image_url nophoto="true"><![CDATA[',
        "<role/>",
        "<num_pages/>",
        "<description/>",
        "&lt;br /&gt;&lt;br /&gt;",
        "<body><![CDATA[\n    \n  ]]></body>",
        "<location><![CDATA[]]></location>",
        "&amp;amp;",
        "#1)</title>",
        "😀",
    ],
)
def test_the_oddities_of_the_real_answers_occur(goodreads: SimulatedGoodreads, oddity: str) -> None:
    published = goodreads.publish(60)
    assert any(
        oddity in answer(goodreads, "review/show.xml", id=review.id).text for review in reversed(published)
    )


@pytest.mark.skipif(not REAL_ANSWER.exists(), reason=f"{REAL_ANSWER.name} is not there")
def test_a_review_has_the_elements_of_the_real_answer_in_their_order(goodreads: SimulatedGoodreads) -> None:
    real = xmltodict.parse(REAL_ANSWER.read_bytes())["GoodreadsResponse"]["reviews"]["review"][0]
    single = next(review for review in goodreads.publish(30) if len(review.book.authors) == 1)
    shown = client(goodreads).review(single.id)._review_dict  # noqa: SLF001 - the wrapper shows less than there is
    assert [name for name in shown if name not in {"user", "comments"}] == list(real)
    assert list(shown["book"]) == list(real["book"])
    assert list(shown["book"]["authors"]["author"]) == list(real["book"]["authors"]["author"])


def test_books_authors_and_users_are_shown_by_their_ids(goodreads: SimulatedGoodreads) -> None:
    (review,) = goodreads.publish(1)
    book, asked = review.book, client(goodreads)
    assert asked.book(book.id).title == book.title
    assert [str(author) for author in asked.book(book.id).authors] == [author.name for author in book.authors]
    assert asked.author(book.authors[0].id).name == book.authors[0].name
    assert book.title in [str(each) for each in asked.author(book.authors[0].id).books]
    assert asked.user(review.user.id).name == review.user.display_name


@pytest.mark.parametrize("page", ["review/show.xml", "book/show", "author/show", "user/show", "no/page"])
@pytest.mark.parametrize("wanted", ["1", "99999999999999999999", "x", ""])
def test_what_does_not_exist_is_not_found(goodreads: SimulatedGoodreads, page: str, wanted: str) -> None:
    assert answer(goodreads, page, id=wanted).status_code == 404


def test_without_a_key_the_answer_is_401(goodreads: SimulatedGoodreads) -> None:
    refused = requests.get(f"{goodreads.url}review/recent_reviews.xml", timeout=120)
    assert (refused.status_code, refused.text) == (401, "Invalid API key.")
    with pytest.raises(GoodreadsRequestException):
        client(goodreads, key="").recent_reviews()


def test_requests_are_noted_with_path_and_parameters(goodreads: SimulatedGoodreads) -> None:
    newest = goodreads.publish(2)[-1]
    asked = client(goodreads)
    asked.recent_reviews()
    asked.review(newest.id)
    assert [(noted.path, noted.parameters) for noted in goodreads.requests] == [
        ("review/recent_reviews.xml", {"key": "any"}),
        ("review/show.xml", {"key": "any", "id": str(newest.id)}),
    ]
