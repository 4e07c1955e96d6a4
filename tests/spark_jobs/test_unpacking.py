"""A gzip file is unpacked to its end, or its problem is told in words."""

import gzip
import io
import re
import tracemalloc
import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.unpacking import NotUnpackedError, unpacked

_random = Random(1)
ROWS = b"author_id,name\n" + b"".join(
    f"{number},{_random.randbytes(9).hex()}\n".encode() for number in range(30_000)
)
WHOLE = gzip.compress(ROWS, mtime=0)
HOLDS_NOTHING = gzip.compress(b"", mtime=0)


def problem_of(*blocks: bytes) -> str | None:
    try:
        for _ in unpacked(blocks):
            pass
    except NotUnpackedError as error:
        return str(error)
    return None


def flipped(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    "content",
    [WHOLE, WHOLE + gzip.compress(b"1,Ann\n"), WHOLE + HOLDS_NOTHING + WHOLE, HOLDS_NOTHING, b""],
    ids=["one", "two", "three, one of them empty", "nothing zipped", "no bytes"],
)
def test_what_gzip_wrote_has_no_problem(content: bytes) -> None:
    assert problem_of(content) is None


@pytest.mark.slow
@given(st.integers(1_000, 300_000))
def test_what_was_packed_is_unpacked(piece: int) -> None:
    content = WHOLE + HOLDS_NOTHING + WHOLE
    blocks = (content[start : start + piece] for start in range(0, len(content), piece))
    assert b"".join(unpacked(blocks)) == ROWS + ROWS


def test_a_file_with_a_name_a_comment_and_stored_blocks_has_no_problem() -> None:
    written = io.BytesIO()
    with gzip.GzipFile("author.csv", "wb", compresslevel=0, fileobj=written) as file:
        file.write(ROWS)
    assert problem_of(written.getvalue()) is None


@given(st.integers(1, len(WHOLE) - 1))
def test_a_file_cut_off_anywhere_is_told_with_the_bytes_there_are(kept: int) -> None:
    problem = problem_of(WHOLE[:kept])
    assert problem is not None
    assert problem.startswith(f"the gzip content is cut off after {kept} bytes (")
    assert problem.endswith(" unzipped); write the file again")


@pytest.mark.slow
@given(st.integers(20, len(WHOLE) - 1))
def test_a_second_member_that_is_cut_off_is_told(kept: int) -> None:
    problem = problem_of(WHOLE + WHOLE[:kept])
    assert problem is not None
    assert problem.startswith(f"the gzip content is cut off after {len(WHOLE) + kept} bytes (")


@pytest.mark.parametrize(("position", "which"), [(-6, "data check"), (-1, "length check")])
def test_a_wrong_checksum_or_length_is_told(position: int, which: str) -> None:
    problem = problem_of(flipped(WHOLE, position))
    assert problem is not None
    assert problem.startswith(f"the gzip content is damaged within its first {len(WHOLE)} bytes (")
    assert which in problem


@pytest.mark.slow
@given(st.integers(10, len(WHOLE) - 1), st.integers(0, 7))
def test_no_damaged_bit_goes_unnoticed(position: int, bit: int) -> None:
    changed = bytearray(WHOLE)
    changed[position] ^= 1 << bit
    assert problem_of(bytes(changed)) is not None


@pytest.mark.parametrize(
    "rest", [b"\0", b"\0" * 512, b"\0" * 10**6, b"x", b"author_id", b"\x1f", b"\x1f\x8b"]
)
def test_nothing_but_gzip_may_follow_not_even_zeros(rest: bytes) -> None:
    assert problem_of(WHOLE + rest) == (
        f"the gzip content ends after {len(WHOLE)} bytes, and what follows is not gzip; write the file again"
    )


@pytest.mark.parametrize(
    "content", [b"author_id,name\n1,Ann\n", b"PK\x03\x04", zlib.compress(ROWS), b"\0" * 100]
)
def test_other_content_under_a_gzip_name_is_told(content: bytes) -> None:
    problem = problem_of(content)
    assert problem is not None
    assert problem.startswith("the name ends with .gz but the content is not gzip (")


CASES = {
    "fine": WHOLE,
    "four members": WHOLE + HOLDS_NOTHING * 3,
    "cut off": WHOLE[:-3],
    "padded": WHOLE + b"\0\0",
    "damaged": flipped(WHOLE, -6),
}


@pytest.mark.slow
@given(st.sampled_from(sorted(CASES)), st.integers(2_000, 300_000))
def test_how_the_content_arrives_makes_no_difference(case: str, piece: int) -> None:
    content = CASES[case]
    in_pieces = problem_of(*(content[start : start + piece] for start in range(0, len(content), piece)))
    at_once = problem_of(content)
    assert re.sub(r"\d+", "", str(in_pieces)) == re.sub(r"\d+", "", str(at_once))


@pytest.mark.slow
def test_a_file_that_unzips_to_a_thousand_times_its_size_takes_no_more_memory() -> None:
    zipped = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(zipped.compress(bytes(10**7)) for _ in range(30)), zipped.flush()])
    tracemalloc.start()
    try:
        assert problem_of(bomb) is None
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
