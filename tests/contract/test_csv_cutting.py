"""Where big files are cut: every piece is CSV, all of them together are the file."""

import csv
import io
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.csv_cutting import NotCuttableError, Piece, count_records, find_pieces

HEADER = "id,text,more\n"
values = st.lists(st.sampled_from(['"', ",", "\n", "\r\n", " ", "a", "ß", "本"]), max_size=12).map("".join)
records = st.lists(st.tuples(st.integers(0, 999).map(str), values, values), min_size=1, max_size=30)
line_ends = st.sampled_from(["\n", "\r\n"])
Quoting = Literal[0, 1]
quotings: st.SearchStrategy[Quoting] = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])


def written(
    rows: list[tuple[str, str, str]], line_end: str = "\n", quoting: Quoting = csv.QUOTE_MINIMAL
) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=quoting).writerows([("id", "text", "more"), *rows])
    return text.getvalue().encode()


def read(content: bytes) -> list[tuple[str, ...]]:
    return [tuple(row) for row in csv.reader(io.StringIO(content.decode(), newline=""), strict=True)]


def blocks(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@given(records, line_ends, quotings, st.integers(1, 200), st.integers(1, 50), st.booleans(), st.booleans())
def test_each_piece_holds_its_records_whole_whatever_the_blocks_and_the_wanted_size(
    rows: list[tuple[str, str, str]],
    line_end: str,
    quoting: Quoting,
    size: int,
    block: int,
    has_mark: bool,
    ends: bool,
) -> None:
    content = (b"\xef\xbb\xbf" if has_mark else b"") + written(rows, line_end, quoting)
    content = content if ends else content.removesuffix(line_end.encode())
    pieces = find_pieces(blocks(content, block), size)

    before = 0
    for piece in pieces:
        found = read(content[piece.start : piece.end])
        assert found == rows[before : before + piece.records]
        assert piece.before == before
        before += piece.records
    assert before == len(rows)
    assert all(one.end == next_one.start for one, next_one in pairwise(pieces))
    assert pieces[-1].end == len(content)
    assert read(content[: pieces[0].start].removeprefix(b"\xef\xbb\xbf")) == [("id", "text", "more")]


@given(records, st.integers(1, 200))
def test_each_piece_but_the_last_has_the_wanted_size_and_less_than_a_record_more(
    rows: list[tuple[str, str, str]], size: int
) -> None:
    content = written(rows)
    *all_but_last, _ = find_pieces([content], size)
    for piece in all_but_last:
        length = piece.end - piece.start
        longest = max(len(written([row])) for row in rows)
        assert size <= length < size + longest


def test_a_line_break_within_quotes_is_no_place_to_cut() -> None:
    content = HEADER + '1,"a\nb",c\n2,d,"e ""f""\n"\n3,g,h\n'
    assert find_pieces([content.encode()], 1) == (
        Piece(13, 23, before=0, records=1),
        Piece(23, 38, before=1, records=1),
        Piece(38, 44, before=2, records=1),
    )


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ('1,5" disk,a\n2,3" disk,b\n', "a quote is neither at the start nor at the end"),
        ('1,"a"b,c\n', "a quote is neither at the start nor at the end"),
        ('1, "a",c\n', "a quote is neither at the start nor at the end"),
        ('1,"never closed,c\n2,d,e\n', "a quote is never closed"),
        ("1,a,b\n\n2,c,d\n", "a line begins with white space"),
        ("1,a,b\r\n\r\n2,c,d\r\n", "a line begins with white space"),
        ("1,a,b\n \t\n2,c,d\n", "a line begins with white space"),
        ("1,a,b\n\u3000\n2,c,d\n", "a line begins with white space"),
        ("1,a,b\n\u00a0\n2,c,d\n", "a line begins with white space"),
        ("1,a,b\r2,c,d\r", "a line ends with a carriage return only"),
        ("", "there is nothing after the header"),
    ],
)
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_a_file_whose_records_cannot_be_told_stays_whole(rows: str, why: str, block: int) -> None:
    with pytest.raises(NotCuttableError, match=why):
        find_pieces(blocks((HEADER + rows).encode(), block), 1)


@given(records, line_ends, quotings, st.integers(1, 50), st.booleans(), st.booleans())
def test_as_many_records_are_counted_as_were_written(
    rows: list[tuple[str, str, str]], line_end: str, quoting: Quoting, block: int, has_mark: bool, ends: bool
) -> None:
    content = (b"\xef\xbb\xbf" if has_mark else b"") + written(rows, line_end, quoting)
    content = content if ends else content.removesuffix(line_end.encode())

    assert count_records(blocks(content, block)) == len(rows)


@pytest.mark.parametrize("content", ["", HEADER, HEADER.strip(), '"id\n",text', "\ufeff" + HEADER])
def test_a_file_of_a_header_at_most_has_no_records(content: str) -> None:
    assert count_records(blocks(content.encode(), 3)) == 0


@pytest.mark.parametrize("rows", ['1,5" disk,a\n', '1,"never closed,c\n', "1,a,b\n\n2,c,d\n", "1,a\r2,b\r"])
def test_records_that_cannot_be_told_are_not_counted(rows: str) -> None:
    with pytest.raises(NotCuttableError):
        count_records(blocks((HEADER + rows).encode(), 5))


def test_what_hides_in_quotes_is_fine() -> None:
    content = HEADER + '1,"\n\n \r,x","5"" disk"\n2,"",""""\n'
    assert sum(piece.records for piece in find_pieces([content.encode()], 10)) == 2


def test_a_file_that_has_no_lines_does_not_fill_the_memory() -> None:
    endless = (b"x" * 1024 * 1024 for _ in range(1000))
    with pytest.raises(NotCuttableError, match="a line is longer than 16777216 bytes"):
        find_pieces(endless, 1)
