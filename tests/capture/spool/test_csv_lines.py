"""RFC 4180."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.spool import csv_lines
from catalog import AUTHORS

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_fields_with_commas_quotes_and_line_ends_are_quoted() -> None:
    record = dict.fromkeys(AUTHORS.column_names, "") | {"author_id": "1", "name": 'Ann "A", jr.\nor so'}
    assert csv_lines.lines(AUTHORS, [record]) == b'1,"Ann ""A"", jr.\nor so",,,,,,\r\n'


def test_the_header_is_the_catalogs() -> None:
    assert csv_lines.header(AUTHORS) == (
        b"author_id,name,role,profile_url,average_rating,rating_count,text_review_count,record_create_timestamp\r\n"
    )


def test_a_record_that_lacks_a_column_is_refused() -> None:
    with pytest.raises(KeyError, match="name"):
        csv_lines.lines(AUTHORS, [{"author_id": "1"}])


@given(st.lists(st.lists(_TEXT, min_size=8, max_size=8), max_size=5))
def test_what_is_written_is_read_back(rows: list[list[str]]) -> None:
    records = [dict(zip(AUTHORS.column_names, row, strict=True)) for row in rows]
    written = csv_lines.lines(AUTHORS, records).decode()
    assert list(csv.reader(io.StringIO(written, newline=""), strict=True)) == rows
