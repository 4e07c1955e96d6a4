"""Where a stream of records is cut."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faker_tool.accounting import FACT
from faker_tool.files import into_files, up_to_bytes, up_to_records
from faker_tool.records import Drawn, Format, Records

USUAL, DRIFTED = Format(("id", "words")), Format(("words", "id", "more"))
HEADER = len(USUAL.header)
Chunks = list[list[int]]
chunks = st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=8), min_size=1, max_size=6)


def usual(_: int) -> Format:
    return USUAL


def stream(chunks: Chunks, surplus: int = 0) -> list[Drawn]:
    """Records of the given lengths, each one repeated letter and a line break; `surplus` bytes longer if DRIFTED."""
    return [
        {USUAL: records(lengths), DRIFTED: records([length + surplus for length in lengths])}
        for lengths in chunks
    ]


def records(lengths: list[int]) -> Records:
    text = b"".join(b"x" * (length - 1) + b"\n" for length in lengths)
    return Records(text, np.cumsum(lengths), np.zeros(len(lengths), FACT))


def lengths_by_file(pieces: list[tuple[int, Records]]) -> dict[int, list[int]]:
    files: dict[int, list[int]] = {}
    for number, records in pieces:
        found = np.diff(records.ends, prepend=0).tolist()
        assert len(records.text) == sum(found)
        files.setdefault(number, []).extend(found)
    return files


@pytest.mark.slow
@given(chunks, st.integers(1, 200))
def test_files_hold_every_record_in_order_and_stay_below_the_limit(chunks: Chunks, limit: int) -> None:
    files = lengths_by_file(list(into_files(stream(chunks), limit=limit, format_of=usual)))

    assert list(chain(*files.values())) == list(chain(*chunks))
    assert list(files) == list(range(len(files)))
    assert all(HEADER + sum(lengths) <= limit or len(lengths) == 1 for lengths in files.values())


@given(chunks, st.integers(1, 200))
def test_a_file_ends_only_where_the_next_record_would_not_fit(chunks: Chunks, limit: int) -> None:
    files = lengths_by_file(list(into_files(stream(chunks), limit=limit, format_of=usual)))

    assert all(HEADER + sum(files[n]) + files[n + 1][0] > limit for n in range(len(files) - 1))


def test_without_a_limit_there_is_one_file() -> None:
    assert lengths_by_file(list(into_files(stream([[5, 5], [7]]), limit=None, format_of=usual))) == {
        0: [5, 5, 7]
    }


@given(chunks, st.integers(1, 30))
def test_a_count_of_records_gives_the_first_ones(chunks: Chunks, count: int) -> None:
    pieces = into_files(stream(chunks), limit=40, format_of=usual)

    found = lengths_by_file(list(up_to_records(pieces, count)))

    assert list(chain(*found.values())) == list(chain(*chunks))[:count]


@pytest.mark.parametrize(
    ("size", "files"),
    [
        (9 + 20 + 9, {0: [20]}),
        (9 + 20 + 11, {0: [20, 20]}),
        (9 + 20 + 20 + 9 + 14, {0: [20, 20]}),
        (9 + 20 + 20 + 9 + 16, {0: [20, 20], 1: [30]}),
    ],
    ids=["below", "above", "below, in the next file", "above, in the next file"],
)
def test_a_size_is_met_at_the_nearest_record_boundary_headers_included(
    size: int, files: dict[int, list[int]]
) -> None:
    pieces = into_files(stream([[20, 20, 30], [30]]), limit=59, format_of=usual)

    assert lengths_by_file(list(up_to_bytes(pieces, size, format_of=usual))) == files


@given(chunks, st.integers(1, 200), st.integers(1, 9))
def test_files_of_another_format_hold_the_records_of_their_format(
    chunks: Chunks, limit: int, surplus: int
) -> None:
    def every_second(number: int) -> Format:
        return DRIFTED if number % 2 else USUAL

    pieces = list(into_files(stream(chunks, surplus), limit=limit, format_of=every_second))

    files = lengths_by_file(pieces)
    for number, lengths in files.items():
        size = len(every_second(number).header) + sum(lengths)
        assert size <= limit or len(lengths) == 1
    as_usual = [
        length - (surplus if number % 2 else 0) for number, lengths in files.items() for length in lengths
    ]
    assert as_usual == list(chain(*chunks))
