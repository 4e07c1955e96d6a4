import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import AUTHORS
from spark_jobs.csv_reader import Text
from spark_jobs.header import FileHeader, HeaderError, Headers

LINE = ",".join(AUTHORS.column_names).encode()
STARTS = [
    b"",
    b"\n",
    b" \n\n",
    b"\xef\xbb\xbf",
    LINE,
    LINE + b"\n",
    LINE + b"\r\n",
    b"\n" + LINE + b"\n",
    b"\xef\xbb\xbf" + LINE + b"\n",
    LINE + b",shelf\n",
    LINE + b",shelf",
    LINE[:-1] + b"\n",
    LINE + b"\x00\n",
    b"PAR1\n",
]
texts = st.builds(
    lambda start, rows: start + rows, st.sampled_from(STARTS), st.sampled_from([b"", b"1,Ann", b"1\n"])
)


def found(headers: Headers, content: bytes) -> tuple[FileHeader | str, int]:
    """What a file's header is, or the problem with it, and where the first record begins."""
    text = Text([content])
    try:
        return headers.skip(text), text.position
    except HeaderError as error:
        return str(error), text.position


@given(st.lists(texts, min_size=1, max_size=6))
def test_a_header_is_read_alike_whatever_file_was_read_before(contents: list[bytes]) -> None:
    headers = Headers(AUTHORS)
    for content in contents:
        assert found(headers, content) == found(Headers(AUTHORS), content)


def test_of_many_files_that_begin_alike_the_header_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = Headers(AUTHORS)
    expected = found(headers, LINE + b"\n1,Ann\n")
    monkeypatch.setattr("spark_jobs.header.header_of", None)
    assert [found(headers, LINE + b"\n" + rows) for rows in (b"", b"2,Bob\n")] == [expected] * 2
