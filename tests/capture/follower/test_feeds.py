"""Who is meant, however people name a reader, and that no message tells a key."""

from pathlib import Path

import pytest

from capture.follower.feeds import Feed, feeds_of, has_key, readers_in

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
    ],
)
def test_a_number_and_every_address_of_a_reader_mean_the_reader(reader: str) -> None:
    assert feeds_of([reader], ["read"]) == [Feed("4622890", "read")]


@pytest.mark.parametrize(
    ("reader", "complaint"),
    [
        ("ada", "'ada' is not a reader; expected a number like 12345, or an address like"),
        ("0", "'0' is not a reader"),
        ("9223372036854775808", "is not a reader"),
        ("", "'' is not a reader"),
        ("https://www.goodreads.com/ada", "https://www.goodreads.com/ada is not the address of a reader"),
        ("https://www.goodreads.com/author/show/874602.Ursula_K_Le_Guin", "is not the address of a reader"),
        (f"{PROFILE}ada", "'https://www.goodreads.com/user/show/ada' is not a reader"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(reader: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        feeds_of([reader], ["read"])


def test_no_message_and_no_repr_tells_a_key() -> None:
    with pytest.raises(ValueError, match="is not the address of a reader") as refused:
        feeds_of(["https://www.goodreads.com/ada?key=s3cr3t"], ["read"])
    (feed,) = feeds_of([f"{FEED}7?key=s3cr3t"], ["read"])
    assert feed.key == "s3cr3t"
    assert "s3cr3t" not in f"{refused.value} {feed} {feed!r}"


def test_each_shelf_of_each_reader_is_followed_once_and_a_feed_may_name_its_own() -> None:
    readers = ["1", f"{PROFILE}1", f"{FEED}2?key=own&shelf=%23ALL%23", f"{FEED}1?key=own"]
    found = feeds_of(readers, ["read", "to-read"], key="any")
    assert found == [Feed("1", "read"), Feed("1", "to-read"), Feed("2", "#ALL#")]
    assert [feed.key for feed in found] == ["own", "own", "own"]
    assert feeds_of(["1"], ["read"], key="any")[0].key == "any"


def test_a_file_has_a_reader_a_line(tmp_path: Path) -> None:
    file = tmp_path / "readers.txt"
    file.write_text(f"# friends\n\n1\n  {PROFILE}2-b  \n", encoding="utf-8-sig")
    assert readers_in(file) == ["1", f"{PROFILE}2-b"]
    with pytest.raises(ValueError, match=r"nothing.txt cannot be read: .*No such file"):
        readers_in(tmp_path / "nothing.txt")


def test_an_address_with_a_key_is_known() -> None:
    assert has_key(f"{FEED}1?shelf=read&key=x")
    assert not has_key(f"{FEED}1?shelf=key")
    assert not has_key("1")
