"""Who is meant, however people name a reader, and that no message tells a key."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.follower.feeds import Feed, Named, feeds_of, has_key, named, readers_in

PROFILE = "https://www.goodreads.com/user/show/"
FEED = "https://www.goodreads.com/review/list_rss/"


@pytest.mark.parametrize(
    "reader",
    [
        "4622890",
        " 4622890 ",
        "4622890-ada",
        f"{PROFILE}4622890-ada",
        f"{PROFILE}4622890?from=menu",
        "https://www.goodreads.com/review/list/4622890-ada",
        f"{FEED}4622890",
        "http://goodreads.com/user/show/4622890/",
        "HTTPS://WWW.Goodreads.com/user/show/4622890",
        "www.goodreads.com/review/list_rss/4622890",
        "http://localhost:8085/user/show/4622890",
    ],
)
def test_a_number_and_every_address_of_a_reader_mean_the_reader(reader: str) -> None:
    assert feeds_of(named([reader]), ["read"], site="http://localhost:8085/") == [Feed("4622890", "read")]


@pytest.mark.parametrize(
    ("reader", "complaint"),
    [
        ("ada", "argument 1: no reader; expected a number like 12345, or an address like"),
        ("0", "no reader"),
        ("9223372036854775808", "no reader"),
        ("", "no reader"),
        ("https://www.goodreads.com/ada", "argument 1: not the address of a reader"),
        (
            "goodreads.com/ada",
            "if this is the name of a reader, open the page: the addresses of its shelves have",
        ),
        ("https://www.goodreads.com/author/show/874602.Ursula_K_Le_Guin", "not the address of a reader"),
        ("https://evil.example/user/show/1", "no address of https://www.goodreads.com/"),
        ("https://[evil/user/show/1", "no address; expected"),
        (
            f"{FEED}1?shelf=#favorites",
            "a shelf whose name is missing or has a space or a key; write # as %23",
        ),
        (f"{FEED}1?shelf=to read", "a shelf whose name is missing or has a space or a key"),
        (f"{FEED}1?shelf=read;key=s3cr3t", "a shelf whose name is missing or has a space or a key"),
        (f"{FEED}1?shelf=read;key:s3cr3t", "a shelf whose name is missing or has a space or a key"),
        (f"{PROFILE}ada", "no reader"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(reader: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        feeds_of(named([reader]), ["read"])


def test_no_message_and_no_repr_tells_a_key() -> None:
    with pytest.raises(ValueError, match="not the address of a reader") as refused:
        feeds_of(named(["https://www.goodreads.com/ada?key=s3cr3t"]), ["read"])
    (feed,) = feeds_of(named([f"{FEED}7?key=s3cr3t"]), ["read"])
    assert feed.key == "s3cr3t"
    assert "s3cr3t" not in f"{refused.value} {feed} {feed!r} {Named('1?key=s3cr3t', 'here')!r}"


PARTS = [
    "SEKRET",
    "12345",
    "-",
    " ",
    ",",
    "key",
    "=",
    ":",
    "/",
    "?",
    "&",
    "#",
    "[",
    "]",
    "%3D",
    "\uff0f",
    FEED,
    PROFILE,
]


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=3), max_size=8).map("".join))
def test_no_refusal_has_a_part_of_the_text(text: str) -> None:
    with suppress(ValueError):
        feeds_of([Named(text, "here")], ["read"])
        return
    with pytest.raises(ValueError, match=r"\Ahere: ") as refused:
        feeds_of([Named(text, "here")], ["read"])
    assert "SEKRET" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "line",
    [
        "feed://www.goodreads.com/review/list_rss/1?key=TOPSECRET",
        "Ann https://www.goodreads.com/review/list_rss/1?key=TOPSECRET",
        "www.goodreads.com/ada?key=TOPSECRET",
        "HTTPS://www.goodreads.com/ada/1?KEY=TOPSECRET",
        f"{FEED}12345&key=TOPSECRET",
        f"{FEED}12345-ann&key=TOPSECRET",
        f"{FEED}12345%3Fkey%3DTOPSECRET",
        "https://evil.example/1&key=TOPSECRET",
        "https://[evil/review/list_rss/1?key=TOPSECRET",
    ],
)
def test_a_line_that_is_no_reader_is_refused_without_its_key_and_known_to_have_one(line: str) -> None:
    with pytest.raises(ValueError, match="expected a number like 12345") as refused:
        feeds_of(named([line]), ["read"])
    assert "TOPSECRET" not in str(refused.value)
    assert has_key(line)


@pytest.mark.parametrize(
    ("query", "shelf", "key"),
    [
        ("shelf=#ALL#&key=X", "#ALL#", "X"),
        ("shelf=favorites&amp;key=X", "favorites", "X"),
        ("key=X #Ann", "read", "X"),
        ("key=", "read", "any"),
    ],
)
def test_an_address_is_understood_as_pages_and_people_write_it(query: str, shelf: str, key: str) -> None:
    (feed,) = feeds_of(named([f"{FEED}1?{query}"]), ["read"], key="any")
    assert (feed.shelf, feed.key) == (shelf, key)
    assert has_key(f"{FEED}1?{query}")


def test_the_key_of_an_address_comes_first_whatever_the_order() -> None:
    for readers in (["1", f"{FEED}1?key=own"], [f"{FEED}1?key=own", "1"]):
        assert [feed.key for feed in feeds_of(named(readers), ["read"], key="any")] == ["own"]


def test_each_shelf_of_each_reader_is_followed_once_and_a_feed_may_name_its_own() -> None:
    readers = ["1", f"{PROFILE}1", f"{FEED}2?key=own&shelf=%23ALL%23", f"{FEED}1?key=own"]
    found = feeds_of(named(readers), ["read", "to-read"], key="any")
    assert found == [Feed("1", "read"), Feed("1", "to-read"), Feed("2", "#ALL#")]
    assert [feed.key for feed in found] == ["own", "own", "own"]
    assert feeds_of(named(["1"]), ["read"], key="any")[0].key == "any"


def test_a_file_has_a_reader_a_line(tmp_path: Path) -> None:
    file = tmp_path / "readers.txt"
    lines = f"# friends\n\n1 # Ann\n  {PROFILE}2-b  \n{FEED}3?shelf=#ALL#&key=x # Ben\n"
    file.write_text(lines, encoding="utf-8-sig")
    assert readers_in(file) == [
        Named("1", f"{file}, line 3"),
        Named(f"{PROFILE}2-b", f"{file}, line 4"),
        Named(f"{FEED}3?shelf=#ALL#&key=x", f"{file}, line 5"),
    ]
    with pytest.raises(ValueError, match=r"nothing.txt cannot be read: .*No such file"):
        readers_in(tmp_path / "nothing.txt")


def test_an_address_with_a_key_is_known() -> None:
    assert has_key(f"{FEED}1?shelf=read&key=x")
    assert not has_key(f"{FEED}1?shelf=key")
    assert not has_key("1")
