import bz2
import csv
import gzip
import io
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from catalog import AUTHORS
from contract.header import HEADER_BYTES, Header, header_drift, header_problem, read_header

COLUMNS = AUTHORS.column_names
LINE = ",".join(COLUMNS)


def columns_of(content: bytes, key: str = "author.csv") -> tuple[str, ...]:
    """The column names, where there is no problem."""
    header = read_header(key, content[:HEADER_BYTES])
    assert header.problem is None
    assert header.columns is not None
    return header.columns


def problem_of(content: bytes, key: str = "author.csv") -> str:
    """The problem, where there are no column names."""
    header = read_header(key, content[:HEADER_BYTES])
    assert header.columns is None
    assert header.problem is not None
    return header.problem


@pytest.mark.parametrize(
    "content",
    [
        LINE.encode(),
        f"{LINE}\n1,Ann\n".encode(),
        f"{LINE}\r\n1,Ann\r\n".encode(),
        f"\ufeff{LINE}\n".encode(),
        ",".join(f'"{name}"' for name in COLUMNS).encode(),
        f"\ufeff{','.join(f'{chr(34)}{name}{chr(34)}' for name in COLUMNS)}\r\n".encode(),
        ", ".join(COLUMNS).encode(),
    ],
    ids=["bare", "LF", "CRLF", "BOM", "quoted", "BOM and quoted", "spaces"],
)
def test_the_same_header_is_read_however_it_is_written(content: bytes) -> None:
    assert columns_of(content) == COLUMNS
    assert columns_of(gzip.compress(content), "author.csv.gz") == COLUMNS


def test_a_quoted_name_may_hold_a_comma_and_a_line_end() -> None:
    assert columns_of(b'author_id,"name, in full\nand title"\n1,2\n') == (
        "author_id",
        "name, in full\nand title",
    )


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\r\n", "\ufeff".encode(), "\ufeff\n".encode()])
def test_a_file_that_holds_nothing_is_neither_a_header_nor_a_problem(content: bytes) -> None:
    assert read_header("author.csv", content) == Header()
    assert read_header("author.csv.gz", gzip.compress(content)) == Header()


def test_an_object_of_no_bytes_is_empty_also_when_its_name_ends_with_gz() -> None:
    assert read_header("author.csv.gz", b"") == Header()


def test_a_file_that_only_begins_blank_is_not_taken_for_an_empty_one() -> None:
    content = b"\n" * HEADER_BYTES + LINE.encode()
    assert problem_of(content) == "the first 65536 bytes are blank, expected a header"
    assert problem_of(gzip.compress(content), "author.csv.gz") == problem_of(content)


def test_content_that_is_not_gzip_is_refused_under_a_gzip_name() -> None:
    assert problem_of(LINE.encode(), "author.csv.gz").startswith(
        "the name ends with .gz but the content is not gzip"
    )


@pytest.mark.parametrize("kept", [1, 5, 12, 30, -9, -1])
def test_a_gzip_file_that_is_cut_off_is_refused_and_never_taken_for_an_empty_one(kept: int) -> None:
    whole = gzip.compress(f"{LINE}\n".encode() + Random(1).randbytes(500).hex().encode())
    assert problem_of(whole[:kept], "author.csv.gz") == "the gzip content is cut off; write the file again"


def test_a_gzip_file_longer_than_what_is_read_is_not_taken_for_a_cut_off_one() -> None:
    whole = gzip.compress(f"{LINE}\n".encode() + Random(1).randbytes(2 * HEADER_BYTES).hex().encode())
    assert len(whole) > HEADER_BYTES
    assert columns_of(whole, "author.csv.gz") == COLUMNS


def test_a_small_gzip_file_of_much_text_is_not_taken_for_a_cut_off_one() -> None:
    whole = gzip.compress(f"{LINE}\n".encode() + b"1,Ann\n" * 10**6)
    assert len(whole) < HEADER_BYTES
    assert columns_of(whole, "author.csv.gz") == COLUMNS


def test_gzip_files_set_end_to_end_are_one_file() -> None:
    parts = gzip.compress(b"") + gzip.compress(LINE[:20].encode()) + gzip.compress(f"{LINE[20:]}\n".encode())
    assert columns_of(parts, "author.csv.gz") == COLUMNS


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-16", "UTF-16"), ("utf-16-be", "UTF-16"), ("utf-32", "UTF-32"), ("utf-32-be", "UTF-32")],
)
def test_another_encoding_is_named_when_its_byte_order_mark_tells_it(encoding: str, name: str) -> None:
    mark = "\ufeff" if encoding.endswith("-be") else ""
    content = f"{mark}{LINE}\n1,Ann\n".encode(encoding)
    assert problem_of(content) == f"the file is {name}; write it as UTF-8"
    assert problem_of(gzip.compress(content), "author.csv.gz") == f"the file is {name}; write it as UTF-8"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_another_encoding_without_a_byte_order_mark_is_refused_for_its_nul_bytes(encoding: str) -> None:
    content = f"{LINE}\n1,Ann\n".encode(encoding)
    assert problem_of(content) == (
        "the file is not text: its header contains NUL bytes, as UTF-16 does; write it as CSV in UTF-8"
    )


def test_a_header_that_is_not_utf_8_is_refused() -> None:
    for content in ("author_id,naïve\n1,Ann\n".encode("latin-1"), b"\x89PNG\r\n\x1a\n"):
        assert problem_of(content).startswith(
            "the header is not UTF-8 text ('utf-8' codec can't decode byte "
        )


@pytest.mark.parametrize("bad", [b"\xff", b"\x00", "naïve".encode("latin-1"), "é".encode()[:1], b'"'])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_whatever_the_rows_hold_the_header_is_read(bad: bytes, end: bytes) -> None:
    content = f"{LINE}\n1,".encode() + bad + end
    assert columns_of(content) == COLUMNS
    assert columns_of(gzip.compress(content), "author.csv.gz") == COLUMNS


@given(st.binary(max_size=100))
def test_the_header_is_read_alike_whatever_rows_follow_it(rows: bytes) -> None:
    assert columns_of(f"{LINE}\n".encode() + rows) == COLUMNS


@pytest.mark.parametrize("position", ["first", "last"])
@pytest.mark.parametrize("bad", [b"\xff", b"\x00"])
def test_one_bad_byte_anywhere_in_a_header_refuses_it(bad: bytes, position: str) -> None:
    header = bad + LINE.encode() if position == "first" else LINE.encode() + bad
    assert "header" in problem_of(header + b"\n1,Ann\n")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04\x14\x00\x06\x00", "a zip archive or a workbook"),
        (b"PAR1\x15\x04\x15", "Parquet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old workbook"),
        (bz2.compress(b"author_id"), "bzip2"),
        (b"\x28\xb5\x2f\xfd\x24", "zstd"),
        (
            gzip.compress(b"author_id"),
            "gzip, although its name does not end in .gz (or it was compressed twice)",
        ),
    ],
    ids=["zip", "Parquet", "workbook", "bzip2", "zstd", "gzip"],
)
def test_a_file_of_another_format_is_told_by_its_first_bytes(content: bytes, kind: str) -> None:
    assert problem_of(content) == f"the file is not text but {kind}; expected CSV"
    assert problem_of(gzip.compress(content), "author.csv.gz") == problem_of(content)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_header_with_another_separator_is_refused_and_the_separator_named(separator: str) -> None:
    columns = columns_of(f"{separator.join(COLUMNS)}\n1{separator}Ann\n".encode())
    problem = header_problem(AUTHORS, columns)
    assert problem == (
        f"the header looks separated by {separator!r}, expected commas; found {separator.join(COLUMNS)}"
    )


@pytest.mark.parametrize("line_end", ["", "\n"])
def test_a_header_longer_than_what_is_read_is_refused(line_end: str) -> None:
    content = f"{LINE},{'x' * HEADER_BYTES}{line_end}1,Ann\n".encode()
    assert problem_of(content) == "the header does not end within the first 65536 characters"
    assert problem_of(gzip.compress(content), "author.csv.gz") == problem_of(content)


def test_a_quote_that_is_never_closed_is_not_read_as_one_long_name() -> None:
    quoted = f'"{LINE}\n1,Ann\n'.encode()
    assert problem_of(quoted) == "the header is not quoted as CSV (unexpected end of data)"
    assert problem_of(quoted + b"x" * HEADER_BYTES) == (
        "the header does not end within the first 65536 characters"
    )


def test_a_header_whose_quotes_end_within_a_name_is_refused() -> None:
    assert problem_of(b'"author"_id,name\n').startswith("the header is not quoted as CSV (")


def test_lines_that_end_with_a_lone_carriage_return_are_refused_and_do_not_fail_the_run() -> None:
    assert problem_of(f"{LINE}\r1,Ann\r".encode()) == (
        "the header holds a lone carriage return; expected lines that end with LF or CRLF"
    )


@pytest.mark.parametrize("character", ["é", "€", "😀"])
@pytest.mark.parametrize("offset", [1, 2, 3, 4])
def test_a_character_cut_in_two_by_the_reading_limit_is_no_problem(character: str, offset: int) -> None:
    content = f"{LINE}\n".encode()
    content += b"x" * (HEADER_BYTES - len(content) - offset) + character.encode() * 10
    assert columns_of(content) == COLUMNS
    assert columns_of(gzip.compress(content), "author.csv.gz") == COLUMNS


@pytest.mark.parametrize("padding", range(4))
def test_a_character_cut_in_two_within_uncompressed_gzip_blocks_is_no_problem(padding: int) -> None:
    content = f"{LINE}\n{'x' * padding}".encode() + "😀".encode() * HEADER_BYTES
    assert columns_of(gzip.compress(content, compresslevel=0), "author.csv.gz") == COLUMNS


@pytest.mark.parametrize("rest", [b"\x00", b"\x00" * 512, b"not gzip", b"\x1f"])
def test_what_follows_the_gzip_content_is_left_to_the_check_of_the_whole_file(rest: bytes) -> None:
    assert columns_of(gzip.compress(f"{LINE}\n".encode()) + rest, "author.csv.gz") == COLUMNS


@given(st.binary(max_size=200), st.sampled_from(["author.csv", "author.csv.gz"]))
def test_whatever_the_bytes_are_the_answer_is_a_header_a_problem_or_nothing(content: bytes, key: str) -> None:
    header = read_header(key, content)
    assert header.columns is None or header.problem is None


@pytest.mark.slow
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1), min_size=1))
def test_any_quoted_header_is_read_back(names: list[str]) -> None:
    line = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    assert columns_of(f"{line}\n".encode()) == tuple(name.strip() for name in names)


@given(st.permutations(COLUMNS))
def test_the_columns_may_come_in_any_order(columns: list[str]) -> None:
    assert header_problem(AUTHORS, tuple(columns)) is None
    assert (header_drift(AUTHORS, tuple(columns)) is None) == (tuple(columns) == COLUMNS)


def test_an_unknown_column_is_told_and_does_no_harm() -> None:
    columns = ("rank", *COLUMNS, "shelf")
    assert header_problem(AUTHORS, columns) is None
    assert header_drift(AUTHORS, columns) == "unknown columns rank, shelf are ignored"


@given(st.sets(st.sampled_from(COLUMNS), min_size=1))
def test_a_header_that_lacks_columns_is_refused_and_each_of_them_named(lost: set[str]) -> None:
    kept = tuple(name for name in COLUMNS if name not in lost)
    problem = header_problem(AUTHORS, kept)
    assert problem is not None
    named = ", ".join(name for name in COLUMNS if name in lost)
    assert problem.startswith(f"the header lacks {named}; found {', '.join(kept)}; expected the columns ")


@pytest.mark.parametrize("places", [(0,), (0, 3), (7, 8, 9), tuple(range(40))])
def test_columns_without_a_name_are_unknown_columns_wherever_and_however_many(
    places: tuple[int, ...],
) -> None:
    columns = list(COLUMNS)
    for place in places:
        columns.insert(place, "")
    header = ",".join('""' if number % 2 else " " for number, name in enumerate(columns) if not name)
    assert columns_of(f"id,{header}\n".encode()) == ("id", *("",) * len(places))
    assert header_problem(AUTHORS, tuple(columns)) is None
    assert header_drift(AUTHORS, tuple(columns)) == f"columns without a name ({len(places)}) are ignored"


def test_an_unknown_column_named_twice_does_no_harm() -> None:
    columns = (*COLUMNS, "notes", "", "notes")
    assert header_problem(AUTHORS, columns) is None
    assert (
        header_drift(AUTHORS, columns) == "unknown columns notes and columns without a name (1) are ignored"
    )


def test_a_column_named_twice_is_refused() -> None:
    assert header_problem(AUTHORS, (*COLUMNS, "name")) == "the header names name more than once"


def test_names_are_compared_as_they_are_written() -> None:
    assert header_problem(AUTHORS, tuple(name.upper() for name in COLUMNS)) is not None


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_record_in_the_place_of_the_header_is_in_no_message(separator: str) -> None:
    """Problems are mailed, noted, and kept in the ledger; the record may be about a person."""
    record = ["70", "Ann Onymous", "name", "https://example.org/70", "4", "1", "1", "2020-02-19 21:38:16"]
    problem = header_problem(AUTHORS, columns_of(f"{separator.join(record)}\n".encode()))
    assert problem is not None
    assert "found 8 fields, most of them no names of columns" in problem
    assert "70" not in problem
    assert "Ann" not in problem


def test_a_wrong_header_is_not_repeated_in_full_length() -> None:
    problem = header_problem(AUTHORS, ("author_id", "name", "x" * HEADER_BYTES))
    assert problem is not None
    assert len(problem) < 1000


@pytest.mark.parametrize("before", ["\n", "\r\n\r\n", "  \t\n", ",,,\n"])
def test_the_header_may_come_after_lines_of_nothing(before: str) -> None:
    header = read_header("author.csv", f"{before}{LINE}\n1,Ann\n".encode())
    assert header == Header(tuple(LINE.split(",")), len(f"{before}{LINE}\n".encode()))


def test_a_file_of_commas_and_line_ends_holds_nothing() -> None:
    assert read_header("author.csv", b",,,\n,,,\n") == Header()


def test_a_sign_that_nobody_sees_is_shown_in_the_name_of_a_column() -> None:
    columns = tuple(f"\u200b{name}" if name == AUTHORS.key else name for name in AUTHORS.column_names)
    problem = header_problem(AUTHORS, columns)
    assert problem is not None
    assert "the header lacks author_id; found '\\u200bauthor_id', " in problem


@given(
    before=st.sampled_from(["", "\ufeff", "\n", " \r\n", ",,\n", "\ufeff\n"]),
    names=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=5), min_size=2
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    rows=st.binary(max_size=20),
)
def test_the_first_record_begins_behind_the_header(
    before: str, names: list[str], end: str, rows: bytes
) -> None:
    """Whatever the names are, and the bytes behind them."""
    written = io.StringIO()
    csv.writer(written, lineterminator=end, quoting=csv.QUOTE_ALL).writerow(names)
    header = f"{before}{written.getvalue()}".encode()
    assume("".join(names).strip())
    assert read_header("author.csv", header + rows).size == len(header)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (Header(COLUMNS, 9), None),
        (Header(COLUMNS[:-1], 9), "the header lacks record_create_timestamp; "),
        (Header(problem="the file is UTF-16"), "the file is UTF-16"),
        (Header(), None),
    ],
    ids=["every column", "a column is missing", "not read", "nothing"],
)
def test_a_dataset_does_not_take_what_was_not_read_or_lacks_a_column(
    header: Header, problem: str | None
) -> None:
    found = header.problem_for(AUTHORS)
    assert (found is None) == (problem is None)
    assert (found or "").startswith(problem or "")
