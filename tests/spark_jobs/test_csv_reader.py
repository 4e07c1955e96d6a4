"""What is read is exactly what is there, and a record that is badly quoted costs only itself."""

import csv
import gzip
import io
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Literal

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contract.rejects import BYTES
from spark_jobs import csv_reader, tolerant
from spark_jobs.csv_reader import BROKEN, Corrupt, Reading, Records, Text
from spark_jobs.ranges import Range
from spark_jobs.unpacking import NotUnpackedError, unpacked
from tests.spark_jobs.headers import skip_header

COLUMNS = ("id", "a", "b")
Quoting = Literal[0, 1]


@dataclass(frozen=True)
class Form:
    """How records are written."""

    end: str = "\n"
    quoting: Quoting = csv.QUOTE_MINIMAL
    mark: bytes = b""
    ends: bool = True
    members: tuple[int, ...] | None = None
    """Where the gzip members of the file end; None if it is not packed."""

    def write(self, rows: Sequence[Sequence[str]]) -> bytes:
        written = self.end.join(self.line(row) for row in rows) + (self.end if self.ends else "")
        content = self.mark + written.encode()
        if self.members is None:
            return content
        bounds = [0, *sorted(bound % (len(content) + 1) for bound in self.members), len(content)]
        return b"".join(gzip.compress(content[start:end], mtime=0) for start, end in pairwise(bounds))

    def line(self, row: Sequence[str]) -> str:
        text = io.StringIO(newline="")
        # the characters of the line's end are what the writer quotes, and it has to quote both
        csv.writer(text, lineterminator="\r\n", quoting=self.quoting).writerow(row)
        return text.getvalue().removesuffix("\r\n")


forms = st.builds(
    Form,
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    ends=st.booleans(),
    members=st.none() | st.lists(st.integers(0, 10_000), max_size=2).map(tuple),
)
values = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ['"', '""', ",", "\n", "\r\n", '",\n"', "a\nb", "\r", "日本", "\ufffd", "\u00a0", "\x00", " "]
)
# a byte-order mark, too: only before the header it is none of the text
records = st.tuples(st.integers(0, 999).map(str) | st.just("\ufeff7"), values, values)


def read(
    content: bytes,
    columns: tuple[str, ...] = COLUMNS,
    wanted: Sequence[str] = COLUMNS,
    *,
    packed: bool = False,
) -> Records:
    """All stretches together."""
    text = Text(unpacked([content]) if packed else [content])
    skip_header(text)
    reading = Reading(text, columns, wanted)
    corrupt, blank, passed_over = dict[int, Corrupt](), list[int](), list[int]()
    stretches, before = [csv_reader.no_records(columns, wanted)], 0
    for records in reading.records():
        stretches.append(records)
        corrupt |= {before + number: record for number, record in records.corrupt.items()}
        blank += [before + number for number in records.blank]
        passed_over += [before + number for number in records.passed_over]
        before += len(records)
    return Records(
        texts=pa.concat_tables([records.texts for records in stretches]),
        values=pa.concat_tables([records.values for records in stretches], promote_options="permissive"),
        corrupt=corrupt,
        blank=tuple(blank),
        passed_over=tuple(passed_over),
        has_backslashes=any(records.has_backslashes for records in stretches),
    )


def rows_of(records: Records) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in records.texts.drop_columns([BROKEN]).to_pylist()]


def corrupt_of(records: Records) -> dict[int, str]:
    return {number: corrupt.raw.encode(BYTES).decode() for number, corrupt in records.corrupt.items()}


@pytest.mark.slow
@given(st.lists(records, max_size=12), forms)
def test_what_a_csv_writer_wrote_is_read_back_exactly(rows: list[tuple[str, str, str]], form: Form) -> None:
    content = form.write([COLUMNS, *rows])
    packed = form.members is not None

    records = read(content, packed=packed)

    assert rows_of(records) == rows
    assert [tuple(row.values()) for row in records.values.to_pylist()] == rows
    assert records.texts.column(BROKEN).to_pylist() == [False] * len(rows)
    assert (records.corrupt, records.numbers().tolist()) == ({}, list(range(1, len(rows) + 1)))


odd_records = st.tuples(st.integers(0, 999).map(str), values) | st.tuples(
    st.integers(0, 999).map(str), values, values, values
)


@pytest.mark.slow
@given(st.lists(records | odd_records, min_size=1, max_size=12), forms)
def test_records_with_too_few_or_too_many_fields_are_told_by_their_numbers_and_texts(
    rows: list[tuple[str, ...]], form: Form
) -> None:
    whole = [row for row in rows if len(row) == 3]

    records = read(form.write([COLUMNS, *rows]), packed=form.members is not None)

    assert rows_of(records) == whole
    assert corrupt_of(records) == {
        number: form.line(row) for number, row in enumerate(rows, 1) if len(row) != 3
    }
    assert records.numbers().tolist() == [number for number, row in enumerate(rows, 1) if len(row) == 3]
    assert len(records) == len(rows)


def test_numbers_count_records_and_notlines() -> None:
    records = read(
        b'id,a,b\n1,"two\nlines",x\n2,few\n3,"three\n\nlines",y\n"4\n",too,many,"fields\n"\n5,e,f\n'
    )

    assert corrupt_of(records) == {2: "2,few", 4: '"4\n",too,many,"fields\n"'}
    assert records.numbers().tolist() == [1, 3, 5]


# half a character, a surrogate, what is beyond Unicode, and NUL with a byte too many
invalid = st.sampled_from([b"\xe9", b"caf\xe9", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80"])
fields = invalid | values.map(lambda value: value.replace('"', "").encode())


@pytest.mark.slow
@given(st.lists(st.tuples(fields, fields, fields), min_size=1, max_size=12))
def test_a_row_with_bytes_that_are_not_utf8_is_broken_and_nothing_else_is_lost(
    rows: list[tuple[bytes, bytes, bytes]],
) -> None:
    """Of the columns that are wanted: the last one is not."""
    content = b"id,a,b,extra\n" + b"".join(b'7,"%s","%s","%s"\n' % row for row in rows)

    records = read(content, (*COLUMNS, "extra"))

    texts = [("7", *(text_or_nothing(value) for value in row[:2])) for row in rows]
    assert records.texts.column(BROKEN).to_pylist() == [None in row for row in texts]
    assert rows_of(records) == [tuple(text or "" for text in row) for row in texts]
    assert [
        tuple(value if isinstance(value, bytes) else value.encode() for value in list(row.values())[1:])
        for row in records.values.to_pylist()
    ] == rows


def text_or_nothing(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_record_of_too_few_fields_that_is_not_utf8_keeps_its_bytes() -> None:
    """Arrow would hand over its text, not its bytes."""
    records = read(b"id,a,b\n1,Zo\xeb\n2,a,b\n")

    assert records.corrupt[1].raw == "1,Zo\xeb"
    assert rows_of(records) == [("2", "a", "b")]


def test_extra_repeated_and_reordered_columns_are_found_by_name() -> None:
    columns = ("b", "A", "extra", "a", "a", "id", "extra")
    content = b"b,A,extra,a,a,id,extra\nof b,of A,x,first,second,1,y\nfew\n"

    records = read(content, columns)

    assert records.texts.column_names == ["id", "a", "b", BROKEN]
    assert rows_of(records) == [("1", "first", "of b")]
    assert [tuple(row.values()) for row in records.values.to_pylist()] == [
        ("of b", "of A", "x", "first", "second", "1", "y")
    ]
    assert corrupt_of(records) == {2: "few"}


def test_the_header_is_skipped_whatever_it_holds() -> None:
    assert rows_of(read(b'\xef\xbb\xbf"id","a\nb\xe9","""b"""\n1,2,3\n')) == [("1", "2", "3")]


@pytest.mark.parametrize("content", [b"id,a,b", b"id,a,b\n", b"id,a,b\r\n", b"\xef\xbb\xbfid,a,b\n", b""])
def test_a_file_without_records_still_has_the_columns(content: bytes) -> None:
    records = read(content)

    assert (len(records), records.corrupt, records.numbers().tolist()) == (0, {}, [])
    assert records.texts.column_names == [*COLUMNS, BROKEN]
    assert len(records.values.column_names) == 3


@pytest.mark.parametrize(
    ("content", "rows", "corrupt"),
    [
        pytest.param('1,5" disk,3" disk', [("1", '5" disk', '3" disk')], {}, id="a quote within a value"),
        pytest.param('1,"a"b,c\n2,d,e', [("2", "d", "e")], {1: '1,"a"b,c'}, id="text after a closing quote"),
        pytest.param('1, "a",c', [("1", ' "a"', "c")], {}, id="a space before a quote"),
        pytest.param("1,a,b\n\n2,c,d", [("1", "a", "b"), ("2", "c", "d")], {}, id="a blank line"),
        pytest.param("1,a\r2,c", [("1", "a\r2", "c")], {}, id="a carriage return outside of quotes"),
        pytest.param(
            '1,a,b\n2,"never closed,c\n3,d,e',
            [("1", "a", "b"), ("3", "d", "e")],
            {2: '2,"never closed,c'},
            id="a quote that is never closed before records",
        ),
        pytest.param(
            '1,a,b\n2,c,"never closed\nanother line',
            [("1", "a", "b")],
            {2: '2,c,"never closed\nanother line'},
            id="a quote that is never closed before lines of text",
        ),
        pytest.param(
            '1,"never closed,c\n2,d,e\n3,"good, one",f',
            [("2", "d", "e"), ("3", "good, one", "f")],
            {1: '1,"never closed,c'},
            id="a quote that is not closed before the next one",
        ),
        pytest.param(
            '1,"two\nlines","the "open" book"\n2,"good, one",c',
            [("2", "good, one", "c")],
            {1: '1,"two\nlines","the "open" book"'},
            id="a text of two lines before a quote out of place",
        ),
        pytest.param(
            '1,"three\n\nlines","the "open" book"\n2,"good, one",c',
            [("2", "good, one", "c")],
            {1: '1,"three\n\nlines","the "open" book"'},
            id="a text with an empty line before a quote out of place",
        ),
        pytest.param(
            '1,"Disk 5\\"",c\n2,d,e\n3,"The \\"A\\"",f\n4,g,h',
            [("2", "d", "e"), ("4", "g", "h")],
            {1: '1,"Disk 5\\"",c', 3: '3,"The \\"A\\"",f'},
            id="a backslash before the quote at the end",
        ),
        pytest.param(
            '1,"no end,x\n2,,",3"\n4,"good, one",x',
            [("4", "good, one", "x")],
            {1: '1,"no end,x\n2,,",3"'},
            id="two records that look like one",
        ),
        pytest.param(
            '1,"no end,x\n2,,",\n"',
            [("2", "", ",\n")],
            {1: '1,"no end,x'},
            id="two records that look like one regular record",
        ),
        pytest.param(
            '1,"two\nlines, one ""text""\n",x\n2,"a"b,c',
            [("1", 'two\nlines, one "text"\n', "x")],
            {2: '2,"a"b,c'},
            id="a text of several lines",
        ),
        pytest.param(
            '1,"bad" text,"two\n2,lines,x\nwith",c\n3,d,e',
            [("3", "d", "e")],
            {1: '1,"bad" text,"two\n2,lines,x\nwith",c'},
            id="lines that may be the rest of a text",
        ),
        pytest.param(
            '1,"bad" text,x\n2,lines,x\n3,"good, one",y',
            [("2", "lines", "x"), ("3", "good, one", "y")],
            {1: '1,"bad" text,x'},
            id="lines that cannot be the rest of a text",
        ),
        pytest.param(
            '1,"say \\"hi\\" twice",x\n2,"good, one",y',
            [("2", "good, one", "y")],
            {1: '1,"say \\"hi\\" twice",x'},
            id="quotes after backslashes",
        ),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_of_a_file_that_is_not_regular_only_doubtful_records_are_lost(
    content: str, rows: list[tuple[str, ...]], corrupt: dict[int, str], end: str
) -> None:
    written = f"id,a,b\n{content}\n".replace("\n", end).encode()

    records = read(written)

    assert rows_of(records) == [tuple(value.replace("\n", end) for value in row) for row in rows]
    assert corrupt_of(records) == {number: text.replace("\n", end) for number, text in corrupt.items()}
    assert records.has_backslashes == ("\\" in content)
    assert all(record.fault == "quoting" for record in records.corrupt.values())


def test_lines_of_white_space_count_as_records_and_are_none() -> None:
    records = read(b"id,a,b\n1,a,b\n \xc2\xa0\n\n2,c,d\n")

    assert (records.numbers().tolist(), records.passed_over, records.corrupt) == ([1, 3], (2,), {})


def test_what_the_fast_parser_counts_otherwise_is_read_record_by_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_reader, "_parsed", lambda _, *names: csv_reader.no_records(*names))

    assert rows_of(read(b"id,a,b\n1,2,3\n")) == [("1", "2", "3")]


@pytest.mark.parametrize("begin", ["", "\n", '"'])
def test_after_an_odd_place_the_fast_parser_goes_on(monkeypatch: pytest.MonkeyPatch, begin: str) -> None:
    """And it reads most of what is before it."""
    tolerantly = []
    monkeypatch.setattr(csv_reader, "_AROUND", 200)
    by_record = tolerant.read_tolerantly

    def read_tolerantly(lines: tolerant.Lines, width: int, size: int) -> Iterator[tolerant.Record]:
        for record in by_record(lines, width, size):
            tolerantly.append(record)
            yield record

    monkeypatch.setattr(csv_reader, "read_tolerantly", read_tolerantly)
    lines = [f"{number},text {number},{number}" for number in range(9000)]
    lines[4000] = f'4000,"{begin}"odd" text",4000'

    found = read(("\n".join(["id,a,b", *lines]) + "\n").encode())

    assert [row[0] for row in rows_of(found)] == [str(number) for number in range(9000) if number != 4000]
    assert list(found.corrupt) == [4001]
    assert len(tolerantly) < 100


@pytest.mark.parametrize("lost", [1, 8, 200])
def test_an_archive_that_is_cut_off_is_not_read(lost: int) -> None:
    content = gzip.compress(b"id,a,b\n" + b"".join(b"%d,%x,c\n" % (i, i**9) for i in range(100)))

    assert len(read(content, packed=True)) == 100
    with pytest.raises(NotUnpackedError):
        read(content[:-lost], packed=True)


@pytest.mark.parametrize(
    "content", [b"id,a,b\n1,2,3\n", gzip.compress(b"id,a,b\n1,2,3\n", mtime=0) + b"more"]
)
def test_what_is_no_archive_is_not_read_as_one(content: bytes) -> None:
    with pytest.raises(NotUnpackedError):
        read(content, packed=True)


def test_a_field_longer_than_a_block_of_arrows_parser_is_read() -> None:
    long = b"x" * 5_000_000

    records = read(b'id,a,b\n1,2,3\n1,"' + long + b'",3\n4,5,6\n')

    assert [row[1] for row in rows_of(records)] == ["2", long.decode(), "5"]


def test_a_record_of_very_many_fields_costs_only_itself() -> None:
    records = read(b"id,a,b\n1,2,3\n1%s\n4,5,6\n" % (b"," * 200_000))

    assert (list(records.corrupt), records.numbers().tolist()) == ([2], [1, 3])


def test_a_quote_that_is_never_closed_costs_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tolerant, "MAX_RECORD_CHARACTERS", 60)
    plain = b"".join(b"%d,plain text,b\n" % number for number in range(10, 40))

    found = read(b'id,a,b\n1,2,3\n2,"never closed,b\n' + plain + b'4,"a ""b""",c\n')

    assert corrupt_of(found) == {2: '2,"never closed,b'}
    assert len(rows_of(found)) == 32


@pytest.mark.parametrize("begin", [b"x", b'"x', b'x"'])
def test_a_line_longer_than_a_record_may_be_costs_only_itself(
    monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    monkeypatch.setattr(tolerant, "MAX_RECORD_CHARACTERS", 60)
    line = b"2," + begin + b"y" * 60 + b",b"

    found = read(b"id,a,b\n1,2,3\n" + line + b'\n3,4,5\n4,"odd" text,5\n6,7,8\n')

    assert corrupt_of(found) == {2: line.decode(), 4: '4,"odd" text,5'}
    assert [row[0] for row in rows_of(found)] == ["1", "3", "6"]


@given(st.text('12,"\nx', max_size=120), st.integers(10, 40))
def test_however_short_a_record_must_be_each_line_is_looked_at_once(text: str, most: int) -> None:
    content = f"id,a,b\n{text}\n".encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tolerant, "MAX_RECORD_CHARACTERS", most)
        lines = tolerant.Lines(iter(f"{text}\n".splitlines(keepends=True)))
        found = list(islice(tolerant.read_tolerantly(lines, 3), content.count(b"\n")))
    kept = [record.raw if record.fault else "".join(record.fields) for record in found]

    assert len(found) < content.count(b"\n")
    assert sorted(_signs("".join(kept))) == sorted(_signs(text))


def _signs(text: str) -> str:
    return "".join(sign for sign in text if sign in "12x")


STRAY = st.sampled_from(['"bad" {}', '"{}', '{}"', '"{} \\"so\\""', '"{}" ', 'x"{}"', '"a""{}"b'])


@pytest.mark.slow
@given(
    st.lists(st.tuples(values, values), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 20), STRAY), max_size=3),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_wherever_quotes_are_out_of_place_no_record_is_read_wrong_and_each_line_is_read_or_rejected(
    rows: list[tuple[str, str]], strays: list[tuple[int, str]], quoting: Quoting
) -> None:
    form = Form(quoting=quoting)
    written = [form.line((str(number), *row)) for number, row in enumerate(rows)]
    # a quote too few may open a text that another one closes, and that is CSV
    assume(len(strays) == 1 or all(stray not in ('{}"', '"{}') for _, stray in strays))
    for place, stray in strays:
        number = place % len(rows)
        written[number] = f"{number},{stray.format('text')},b"
    spoilt = {place % len(rows) for place, _ in strays}

    found = read(("\n".join(["id,a,b", *written]) + "\n").encode())

    right = {str(number): (str(number), *row) for number, row in enumerate(rows) if number not in spoilt}
    read_rows = {row[0]: row for row in rows_of(found)}
    for key, row in read_rows.items():
        if key in right:
            assert row == right[key]
    rejected = "\n".join(corrupt_of(found).values()).replace(
        "\r", ""
    )  # a record's text is without its line end
    for number, line in enumerate(written):
        assert str(number) in read_rows or line.replace("\r", "").strip() in rejected


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.text("abc ,\n", max_size=5), st.text("xyz", max_size=3)), min_size=2, max_size=12),
    st.lists(st.integers(0, 11), min_size=1, max_size=3),
)
def test_a_title_that_begins_with_a_quote_costs_only_its_own_record(
    rows: list[tuple[str, str]], places: list[int]
) -> None:
    spoilt = {place % len(rows) for place in places}
    written = [
        f'{number},"Alpha" and more,x' if number in spoilt else Form().line((str(number), *row))
        for number, row in enumerate(rows)
    ]

    found = read(("\n".join(["id,a,b", *written]) + "\n").encode())

    assert rows_of(found) == [(str(number), *row) for number, row in enumerate(rows) if number not in spoilt]
    assert set(found.corrupt) == {number + 1 for number in spoilt}


def test_a_carriage_return_before_quotes_in_a_record_of_too_few_fields_fails_nothing() -> None:
    found = read(b'id,a,b\n1,a,b\n\r""\n\r"x",y\n2,c,d\n')

    assert corrupt_of(found) == {2: '\r""', 3: '\r"x",y'}
    assert found.numbers().tolist() == [1, 4]


NOTHING = st.sampled_from(["", " ", "\u00a0", "\u3000\t", "\x00"])


@pytest.mark.slow
@given(
    st.lists(records | st.lists(NOTHING, min_size=1, max_size=6).map(tuple), max_size=20),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_records_of_nothing_are_counted_and_every_other_record_keeps_its_number(
    rows: list[tuple[str, ...]], quoting: Quoting
) -> None:
    form = Form(quoting=quoting)
    content = form.write([COLUMNS, *rows])
    found = read(content)
    assume(not found.passed_over)
    # the csv module writes a record of one empty field as `""`, which is a record
    blank = [number for number, row in enumerate(rows, start=1) if all(is_nothing(value) for value in row)]
    assert list(found.blank) == blank
    whole = {number: row for number, row in enumerate(rows, start=1) if len(row) == 3 and number not in blank}
    assert found.numbers().tolist() == list(whole)
    assert rows_of(found) == list(whole.values())
    assert len(found) == len(rows)


def is_nothing(value: str) -> bool:
    return not value.replace("\x00", "").strip()


@pytest.mark.parametrize("record", [",,", '"",,""', ',"  ", ', ",", '""', ",,,,,", '"\t","\u3000"'])
def test_nothing_may_be_quoted_and_may_have_any_number_of_fields(record: str) -> None:
    found = read(f"id,a,b\n1,a,b\n{record}\n2,c,d\n".encode())
    assert (found.blank, found.numbers().tolist(), found.corrupt) == ((2,), [1, 3], {})


def test_a_record_of_nothing_may_be_longer_than_what_pythons_parser_takes_by_itself() -> None:
    nothing = b'"' + b" " * 200_000 + b'",' + b" " * 200_000
    found = read(b"id,a,b\n" + nothing + b"\n1,x,y\n")
    assert (found.blank, rows_of(found), dict(found.corrupt)) == ((1,), [("1", "x", "y")], {})


@pytest.mark.parametrize("other", [b"", b'4,5" disk,c\n'], ids=["regular", "a quote out of place"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_byte_order_mark_before_a_record_is_part_of_it_wherever_the_record_stands(
    place: int, other: bytes
) -> None:
    lines = [b"1,a,b\n", b"2,a,b\n", b"3,a,b\n"]
    lines[place] = b"\xef\xbb\xbf" + lines[place]
    found = read(b"\xef\xbb\xbfid,a,b\n" + b"".join(lines) + other)
    ids = [row[0] for row in rows_of(found)[:3]]
    assert ids == [f"\ufeff{place + 1}" if index == place else str(index + 1) for index in range(3)]


@pytest.mark.slow
def test_texts_that_fit_in_two_readings_are_not_followed_to_the_end_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In both readings all quotes fit, record after record."""
    looked_at, is_regular = list[str](), tolerant._is_regular  # noqa: SLF001

    def counted(raw: str) -> bool:
        looked_at.append(raw)
        return is_regular(raw)

    monkeypatch.setattr(tolerant, "_is_regular", counted)
    for number in (100, 200):
        looked_at.clear()
        text = "".join(f'{index},",\n{index},",\n' for index in range(number))
        found = read(b"id,a,b\n1,a\rb,c\n" + text.encode())
        assert len(found) == number + 1
        assert len(looked_at) < 100 * number


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_a_text_of_several_lines_without_its_second_quote_does_not_cost_the_record_after_it(
    quoting: Quoting,
) -> None:
    form = Form(quoting=quoting)
    after = "".join(f"{form.line(row)}\n" for row in [("4", '5" disk', ""), ("5", "x", "y")])
    found = read(f'id,a,b\n3,"open\nmore text\nand more,c\n{after}'.encode())
    assert {number: record.raw for number, record in found.corrupt.items()} == {
        1: '3,"open\nmore text\nand more,c'
    }
    assert rows_of(found) == [("4", '5" disk', ""), ("5", "x", "y")]


def test_little_is_read_beyond_the_end_of_a_range() -> None:
    """A block more is a request to S3 more, and docs/growth.md counts them."""
    block, asked = b"1,abcdef,ghijkl\n" * 4096, list[int]()

    def blocks() -> Iterator[bytes]:
        for number in range(200):
            asked.append(number)
            yield block

    part = Range(file_number=0, uri="a", size=200 * len(block), end=100 * len(block), begin=0)
    reading = Reading(Text(blocks()), COLUMNS, COLUMNS)
    assert sum(map(len, reading.records_of(part))) == 100 * 4096
    assert len(asked) <= 101


@pytest.mark.parametrize("before", [b"\n", b"\r\n\r\n", b"  \t\n", b",,\n", b'""\n'])
def test_lines_of_nothing_before_the_header_are_passed_over(before: bytes) -> None:
    assert rows_of(read(before + b"id,a,b\n1,x,y\n")) == [("1", "x", "y")]


@pytest.mark.parametrize("record", [b'","', b',",",', b'"""",,', b",\xff,", b'"""",', b",\xe2\x80\x8b,"])
def test_a_comma_a_quote_and_any_other_byte_is_something(record: bytes) -> None:
    assert read(b"id,a,b\n1,a,b\n" + record + b"\n2,c,d\n").blank == ()


def test_of_an_endless_line_little_is_kept_in_memory_and_in_the_reject_and_the_next_records_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (csv_reader, tolerant):
        monkeypatch.setattr(module, "MAX_RECORD_CHARACTERS", 2 * 1024 * 1024)
    holes = [bytes(1024 * 1024)] * 64
    reading = Reading(Text([b"id,a,b\n1,2,3\n2,x", *holes, b",b\n3,4,5\n\n4,5,6\n"]), COLUMNS, COLUMNS)
    tracemalloc.start()
    try:
        skip_header(reading.text)
        stretches = list(reading.records())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 32 * 1024 * 1024
    assert [row[0] for records in stretches for row in rows_of(records)] == ["1", "3", "4"]
    assert [len(records) for records in stretches if records.corrupt] == [1]
    (reject,) = [record.raw for records in stretches for record in records.corrupt.values()]
    assert reject.startswith("2,x\x00")
    assert reject.endswith(
        '"cut" here: the line has more than 2097152 bytes, of which the first 65536 are kept'
    )
    assert reading.text.position == len(b"id,a,b\n1,2,3\n2,x,b\n3,4,5\n\n4,5,6\n") + 64 * 1024 * 1024


def test_a_long_line_is_copied_a_few_times_however_small_the_blocks_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled = []
    fill = Text.fill

    def counted(text: Text, size: int) -> None:
        before = text.window
        fill(text, size)
        if text.window is not before:
            filled.append(len(text.window))

    monkeypatch.setattr(Text, "fill", counted)
    line = b"x" * 8 * 1024 * 1024 + b"\n"
    blocks = [line[start : start + 16 * 1024] for start in range(0, len(line), 16 * 1024)]

    assert [len(text) for text in Text(blocks).lines()] == [len(line)]
    assert sum(filled) < 4 * len(line)


@pytest.mark.parametrize("begin", ["é", ",é", ',"é', ',x"é', ',é"', ",é,"])
def test_what_is_kept_of_an_endless_line_is_whole_characters_and_no_record_if_it_is_landed_again(
    monkeypatch: pytest.MonkeyPatch, begin: str
) -> None:
    for module in (csv_reader, tolerant):
        monkeypatch.setattr(module, "MAX_RECORD_CHARACTERS", 100_000)
    monkeypatch.setattr(csv_reader, "_STRETCH", 64 * 1024)
    head = b"id,a,b\n1,2,3\n"
    line = f"2{begin * 40_000}{'é' * 50_000},b\n3,4,5\n".encode()

    found = read(head + line)

    assert [row[0] for row in rows_of(found)] == ["1", "3"]
    (kept,) = corrupt_of(found).values()  # as UTF-8
    again = read(head + f"{kept}\n3,4,5\n".encode())
    assert all(row[0] in ("1", "3") for row in rows_of(again))
    assert list(again.corrupt) == [2]


def test_the_end_of_a_last_line_may_be_missing_where_the_line_is_endless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (csv_reader, tolerant):
        monkeypatch.setattr(module, "MAX_RECORD_CHARACTERS", 100_000)

    found = read(b"id,a,b\n1,2,3\n2," + b"x" * 300_000)

    assert (list(found.corrupt), len(found)) == ([2], 2)
