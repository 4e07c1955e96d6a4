"""Reads CSV into columns of text: regular stretches with Arrow's parser, the others record by record."""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from csv import reader as csv_records
from dataclasses import dataclass, replace
from itertools import islice
from sys import maxsize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from contract.rejects import BYTES
from spark_jobs.borders import Scan, guess_start, scan
from spark_jobs.ranges import Range
from spark_jobs.tolerant import (
    FIELD_COUNT,
    MAX_RECORD_CHARACTERS,
    Lines,
    Record,
    is_nothing,
    read_tolerantly,
)

BROKEN = ":broken"
"""The column that says whether some bytes of the row are not UTF-8."""

_STRETCH = 4 * 1024 * 1024  # bytes that the fast parser takes at once
_AROUND = 32 * 1024  # bytes before and after an odd place that are read record by record
_GUESSED_FROM = 64 * 1024
_LINES = 64 * 1024
_PARSER_BLOCK = 4 * 1024 * 1024  # Arrow takes no longer record
_TOGETHER = 10_000  # records that become columns at once
_SOMETHING = r"[^\p{Z}\p{Cc}]"


@dataclass(frozen=True)
class Corrupt:
    """A record without all its fields: its text, one character per byte, and the rule that it breaks."""

    raw: str
    fault: str = FIELD_COUNT

    def is_blank(self) -> bool:
        """Whether all fields hold nothing but white space and control characters."""
        text = _decoded(self.raw)
        if self.fault != FIELD_COUNT or not is_nothing(text.translate({ord(","): None, ord('"'): None})):
            return False  # most records; the parser comes only for the others
        # csv would refuse a carriage return without a line feed
        return all(is_nothing(field) for row in csv_records([text.replace("\r", " ")]) for field in row)


@dataclass(frozen=True)
class Records:
    """A file's records, in order.

    `texts` and `values` hold the records with all fields, a column for each name of the header. `values` are the bytes in
    the file; `texts` are the same as text, empty where a wanted column is not UTF-8 (BROKEN says so). `corrupt` holds the
    records that could not be split into all fields, by their numbers, from 1. `blank` are the numbers of the records that hold
    nothing in any field, `passed_over` those of lines of white space; they are nowhere else. `has_backslashes` says that a
    corrupt record looks as if backslashes stood before quotes.
    """

    texts: pa.Table
    values: pa.Table
    corrupt: Mapping[int, Corrupt]
    blank: tuple[int, ...] = ()
    passed_over: tuple[int, ...] = ()
    has_backslashes: bool = False

    def __len__(self) -> int:
        return int(self.texts.num_rows) + len(self.corrupt) + len(self.blank) + len(self.passed_over)

    def numbers(self) -> np.ndarray:
        """The numbers of the records in `texts`."""
        every = np.arange(1, len(self) + 1)
        return np.setdiff1d(every, [*self.corrupt, *self.blank, *self.passed_over], assume_unique=True)

    def without_blank(self, wanted: str) -> "Records":
        """The same records, with those that hold nothing in `blank`; `wanted` is a column that is seldom empty."""
        corrupt = {number: record for number, record in self.corrupt.items() if not record.is_blank()}
        mask = _blank_rows(self, wanted)
        if len(corrupt) == len(self.corrupt) and mask is None:
            return self
        kept = np.ones(self.texts.num_rows, bool) if mask is None else ~mask
        blank = [*self.numbers()[~kept].tolist(), *(self.corrupt.keys() - corrupt.keys())]
        return replace(
            self,
            texts=self.texts.filter(pa.array(kept)),
            values=self.values.filter(pa.array(kept)),
            corrupt=corrupt,
            blank=tuple(sorted(blank)),
        )


def _decoded(record: str) -> str:
    return record.encode(BYTES).decode(errors="replace")


def _blank_rows(records: Records, wanted: str) -> np.ndarray | None:
    """Which rows hold nothing in any field; None if there is none."""
    first = records.texts.column(wanted)
    # nothing, or a first byte that is no visible character of ASCII: two comparisons leave few rows to look at
    candidates = pc.or_(pc.less(first, "!"), pc.greater_equal(first, "\x7f"))
    if not pc.any(candidates).as_py():
        return None
    found = candidates.to_numpy().copy()
    columns = records.values.filter(candidates).columns
    found[found] = np.logical_and.reduce([_hold_nothing(values) for values in columns])
    return found if found.any() else None


def _hold_nothing(values: pa.ChunkedArray) -> np.ndarray:
    try:
        texts = values.cast(pa.string())
    except pa.ArrowInvalid:  # bytes that are not UTF-8 are something
        return np.array([is_nothing(value.decode(errors="replace")) for value in values.to_pylist()])
    hold_something: np.ndarray = pc.match_substring_regex(texts, _SOMETHING).to_numpy()
    return ~hold_something


class Text:
    """A CSV text from `position` on, read forward in blocks; `window` are the next bytes that are in memory."""

    def __init__(self, blocks: Iterable[bytes | memoryview], position: int = 0) -> None:
        self._blocks = iter(blocks)
        self.position = position
        self.window = memoryview(b"")
        self.at_end = False

    def fill(self, size: int) -> None:
        """Read on until the window holds `size` bytes, or until the text ends."""
        read: list[bytes | memoryview] = [self.window]
        have = len(self.window)
        while have < size and not self.at_end:
            block = next(self._blocks, None)
            self.at_end = block is None
            read.append(block or b"")
            have += len(read[-1])
        if len(read) > 1:
            read = [block for block in read if len(block)]
            self.window = memoryview(read[0] if len(read) == 1 else b"".join(read))

    def drop(self, size: int) -> None:
        """Go on by `size` bytes."""
        self.window = self.window[size:]
        self.position += size

    def lines(self) -> Iterator[str]:
        """The lines with their ends, one character per byte; the position stays.

        Of a line that is longer than any record, the beginning comes as the last line.
        """
        start, size, pieces = 0, 0, list[str]()
        while size <= MAX_RECORD_CHARACTERS:
            if start + _LINES > len(self.window):  # each time twice as much, as the window is copied
                self.fill(max(start + _LINES, min(2 * start, MAX_RECORD_CHARACTERS)))
            block = str(self.window[start : start + _LINES], BYTES)
            if not block:
                break
            start += len(block)
            first, *others = block.split("\n")
            pieces.append(first)
            size += len(first)
            if others:
                yield "".join(pieces) + "\n"
                yield from (line + "\n" for line in others[:-1])
                pieces, size = [others[-1]], len(others[-1])
        if size:
            yield "".join(pieces)

    def skip_line(self) -> None:
        """Go on to the next line, without keeping the rest of this one."""
        is_within = True
        while is_within:
            self.fill(1)
            block = bytes(self.window[:_LINES])
            end = block.find(b"\n") + 1
            self.drop(end or len(block))
            is_within = bool(block) and not end


@dataclass
class Reading:
    """Reads the records of a text, stretch by stretch, with the fast parser or record by record.

    `columns` is the header; the texts are the `wanted` columns and BROKEN.
    """

    text: Text
    columns: tuple[str, ...]
    wanted: Sequence[str]

    def go_to(self, part: Range) -> int | None:
        """Go to the first record of a range; its position, or None if no record begins in the range.

        The text begins at `first_byte` of the range, or after the header.
        """
        end = maxsize if part.end is None else part.end
        if part.start > 0 and part.begin is None and not self.find_start(end):
            self.text.drop(end - self.text.position)
            return None
        return self.text.position if self.text.position < end else None

    def records_of(self, part: Range) -> Iterator[Records]:
        """The records of the range, after `go_to`; afterwards the position is where the next record begins."""
        return self.records(maxsize if part.end is None else part.end)

    def find_start(self, end: int) -> bool:
        """Go to the first record that seems to begin after the first byte and before `end`; whether there is one."""
        size = _GUESSED_FROM
        while True:
            self.text.fill(size)
            left = end - self.text.position
            window = self.text.window[: min(size, left)]
            at_end = self.text.at_end and len(window) == len(self.text.window)
            is_last = at_end or size >= left
            start = guess_start(window, len(self.columns), at_end=at_end, is_last=is_last)
            if start is not None and start < left:
                self.text.drop(start)
                return True
            if is_last:
                return False
            size *= 4

    def records(self, end: int = maxsize) -> Iterator[Records]:
        """The records that begin before `end`; afterwards the position is where the next one begins."""
        size, beyond = _STRETCH, _AROUND
        while self.text.position < end:
            # little beyond the range: its last record ends soon, and a block more is a request more
            reach = min(size, end - self.text.position + beyond)
            self.text.fill(reach)
            window = self.text.window[:reach]
            if not len(window):
                return
            found = scan(window, at_end=self.text.at_end and len(window) == len(self.text.window))
            stop = self._stop(found, end)
            if stop is None and found.odd is None and size < MAX_RECORD_CHARACTERS:
                if reach == size:  # the record is longer
                    size *= 2
                else:
                    beyond *= 8
                continue
            regular = self._regular(window[:stop], found.records(stop)) if stop else None
            if regular is not None and stop is not None:
                yield regular
                self.text.drop(stop)
                size = min(2 * size, _STRETCH)
            else:
                yield self._tolerant(min(end - self.text.position, (found.odd or 0) + _AROUND))
                size = _AROUND

    def _stop(self, found: Scan, end: int) -> int | None:
        """The end of the regular records to read together; None if the first one is not regular, or does not end here."""
        beyond = int(np.searchsorted(found.ends, end - self.text.position))
        last = int(found.ends[min(beyond, len(found.ends) - 1)]) if len(found.ends) else 0
        is_complete = beyond < len(found.ends)
        if found.odd is not None and (found.odd < last or not is_complete):
            last = found.last_end(max(0, found.last_end(found.odd) - _AROUND))
        return last or None

    def _regular(self, content: memoryview, counted: int) -> Records | None:
        """None if the content is not for the fast parser, which takes a byte-order mark before any text for none of its signs."""
        if bytes(content[: len(BOM_UTF8)]) == BOM_UTF8:
            return None
        if not counted:
            return no_records(self.columns, self.wanted)
        try:
            records = _parsed(content, self.columns, self.wanted)
        except pa.ArrowInvalid:
            return None
        return records if len(records) == counted else None

    def _tolerant(self, size: int) -> Records:
        """The records that begin in the next `size` bytes, record by record."""
        corrupt: dict[int, Corrupt] = {}
        passed_over: list[int] = []
        has_backslashes = False
        lines = Lines(self.text.lines())

        def with_all_fields() -> Iterator[Record]:
            nonlocal has_backslashes
            for number, record in enumerate(read_tolerantly(lines, len(self.columns), size), 1):
                if record.fault is None:
                    yield record
                elif is_nothing(_decoded(record.raw)):
                    passed_over.append(number)
                else:
                    corrupt[number] = Corrupt(record.raw, record.fault)
                    has_backslashes = has_backslashes or record.has_backslashes

        values = _columns_of(with_all_fields(), len(self.columns))
        self.text.drop(lines.size)
        if lines.is_cut_off:
            self.text.skip_line()
        return replace(
            _records(values, corrupt, self.columns, self.wanted),
            passed_over=tuple(passed_over),
            has_backslashes=has_backslashes,
        ).without_blank(self.wanted[0])


def _columns_of(records: Iterator[Record], width: int) -> pa.Table:
    schema = pa.schema([(str(index), pa.binary()) for index in range(width)])
    batches = []
    while rows := list(islice(records, _TOGETHER)):
        fields = zip(*(record.fields for record in rows), strict=True)
        arrays = [pa.array([field.encode(BYTES) for field in column], pa.binary()) for column in fields]
        batches.append(pa.record_batch(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema)


def _parsed(content: memoryview, columns: Sequence[str], wanted: Sequence[str]) -> Records:
    try:
        values, corrupt = _read(content, len(columns), pa.string())
    except pa.ArrowInvalid as error:
        if "invalid UTF8" not in str(error):
            raise
        values, corrupt = _read(content, len(columns), pa.binary())
    return _records(values, corrupt, columns, wanted).without_blank(wanted[0])


def _records(
    values: pa.Table, corrupt: Mapping[int, Corrupt], columns: Sequence[str], wanted: Sequence[str]
) -> Records:
    """From columns of text, or of bytes."""
    try:
        texts = values.cast(pa.schema([(name, pa.string()) for name in values.column_names]))
        values, broken = texts, np.zeros(values.num_rows, bool)
    except pa.ArrowInvalid:
        texts, broken = _without_invalid(values, [columns.index(name) for name in wanted])
    looked_at = texts.select([columns.index(name) for name in wanted]).rename_columns(list(wanted))
    return Records(texts=looked_at.append_column(BROKEN, pa.array(broken)), values=values, corrupt=corrupt)


def _read(content: memoryview, columns: int, type_: pa.DataType) -> tuple[pa.Table, dict[int, Corrupt]]:
    """The records with all fields; and the others, by number."""
    corrupt: dict[int, Corrupt] = {}

    def skip(row: csv.InvalidRow) -> str:
        corrupt[row.number] = Corrupt(row.text.encode().decode(BYTES))
        return "skip"

    # by position: extra names of a header may clash with each other
    names = [str(index) for index in range(columns)]
    table = csv.read_csv(
        pa.py_buffer(content),
        read_options=csv.ReadOptions(use_threads=False, block_size=_PARSER_BLOCK, column_names=names),
        parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, type_), strings_can_be_null=False
        ),
    )
    return table, corrupt


def _without_invalid(values: pa.Table, looked_at: Sequence[int]) -> tuple[pa.Table, np.ndarray]:
    """Bytes as text, empty where a value is not UTF-8; and whether each row has such a value in the columns at `indexes`."""
    broken = np.zeros(values.num_rows, bool)
    texts = []
    for index, column in enumerate(values.columns):
        whole = column.combine_chunks()
        invalid = np.zeros(len(whole), bool)
        invalid[list(_invalid(whole, 0))] = True
        if index in looked_at:
            broken |= invalid
        texts.append(pc.if_else(pa.array(invalid), pa.scalar(b""), whole).cast(pa.string()))
    return pa.table(texts, names=values.column_names), broken


def _invalid(values: pa.Array, start: int) -> Iterator[int]:
    """Indexes of the values that are not UTF-8, searched by halving."""
    try:
        values.cast(pa.string())
    except pa.ArrowInvalid:
        if len(values) == 1:
            yield start
            return
        middle = len(values) // 2
        yield from _invalid(values.slice(0, middle), start)
        yield from _invalid(values.slice(middle), start + middle)


def no_records(columns: Sequence[str], wanted: Sequence[str]) -> Records:
    """What an empty stretch holds."""
    texts = pa.schema([*((name, pa.string()) for name in wanted), (BROKEN, pa.bool_())]).empty_table()
    values = pa.schema([(str(index), pa.string()) for index in range(len(columns))]).empty_table()
    return Records(texts=texts, values=values, corrupt={})
