"""Files of whole numbers are read as Python's csv reads them, however they are cut into blocks."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture import number_files
from capture.number_files import NotNumbersError, numbers_in
from capture.rejects import Line

BOUNDS = {"user_id": 100, "rating": 5}
fields = st.one_of(
    st.integers(0, 120).map(str), st.sampled_from(["", "x", "-1", "1.0", '"3"', "99999999999999999999"])
)
lines = st.lists(st.lists(fields, min_size=2, max_size=4).map(",".join), max_size=30)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number_files, "_BLOCK_BYTES", 64)


def read(text: str) -> tuple[list[tuple[int, int]], list[int]]:
    """The rows, and the numbers of the rejected lines."""
    rejected = list[int]()

    def reject(line: Line, reason: str) -> None:
        assert reason
        rejected.append(line.number)

    rows = list[tuple[int, int]]()
    for numbers in numbers_in(io.BytesIO(text.encode()), "file.csv", BOUNDS, reject):
        assert len(numbers) == len(numbers.columns["rating"])
        rows += zip(numbers.columns["user_id"].tolist(), numbers.columns["rating"].tolist(), strict=True)
    return rows, rejected


def plainly(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), 1):
        yield number, next(csv.reader([line]), [])


def is_good(row: list[str]) -> bool:
    return (
        len(row) == 3
        and row[0].isdecimal()
        and int(row[0]) <= BOUNDS["user_id"]
        and row[2].isdecimal()
        and int(row[2]) <= BOUNDS["rating"]
    )


@pytest.mark.slow
@given(lines, st.booleans())
def test_good_rows_are_read_in_order_and_others_are_rejected_by_line(body: list[str], ends: bool) -> None:
    text = "\n".join(["user_id,book_id,rating", *body]) + ("\n" if ends else "")
    rows, rejected = read(text)
    plain = [(number, row) for number, row in plainly(text) if number > 1]
    assert rows == [(int(row[0]), int(row[2])) for _, row in plain if is_good(row)]
    assert rejected == [number for number, row in plain if row and not is_good(row)]


def test_blank_lines_windows_line_ends_and_a_byte_order_mark_are_nothing() -> None:
    assert read("\ufeffuser_id,book_id,rating\r\n\r\n1,2,3\r\n\r\n") == ([(1, 3)], [])


def test_a_file_without_the_columns_is_refused() -> None:
    with pytest.raises(NotNumbersError, match=r"found the columns 'a', 'b'; expected user_id, rating"):
        read("a,b\n1,2\n")


def test_a_file_without_line_ends_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(NotNumbersError, match="has a line of more than"):
        read("user_id,book_id,rating\n" + "1" * 1000)
