"""Reads the bytes of a CSV file into columns of text: regular files with Arrow's parser, others record by record."""

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from csv import reader as csv_records
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from contract.csv_cutting import NotCuttableError, count_records
from contract.rejects import BYTES
from spark_jobs.tolerant import (
    FIELD_COUNT,
    Record,
    is_nothing,
    read_tolerantly,
)

BROKEN = ":broken"
"""The column that says whether some bytes of the row are not UTF-8."""

MAX_FILE_BYTES = 512 * 1024 * 1024
"""The largest file for Arrow, also after unpacking; a node may lack the memory for a larger one."""

_BLOCK = 256 * 1024
_PARSER_BLOCK = 4 * 1024 * 1024  # Arrow takes no longer record
_TOGETHER = 10_000  # records that become columns at once
_SOMETHING = r"[^\p{Z}\p{Cc}]"


class NotReadableError(Exception):
    """The content is not for these parsers: Spark has to read the file and say what is wrong with it."""


class _NotRegularError(Exception):
    """The file is not for Arrow's parser."""


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
        return all(is_nothing(field) for row in csv_records([text]) for field in row)


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


def read_records_of(
    content: memoryview, columns: Sequence[str], wanted: Sequence[str], *, packed: bool, proved: bool
) -> Records:
    """The records of a file with this header; their texts are the `wanted` columns and BROKEN.

    `packed` is gzip. `proved` says that the file is known to be regular: every quote opens or closes a field or is
    doubled. Otherwise this function checks. NotReadableError if the archive is damaged or too large.
    """
    plain = _unpacked(content) if packed else content
    try:
        return _regular(plain, columns, wanted, proved=proved)
    except _NotRegularError:
        return _tolerant(plain, columns, wanted)


def _regular(content: memoryview, columns: Sequence[str], wanted: Sequence[str], *, proved: bool) -> Records:
    try:
        counted = None if proved else count_records(_blocks(content))
    except NotCuttableError as error:
        raise _NotRegularError from error
    if counted == 0:
        return _no_records(columns, wanted)
    records = _parsed(content, columns, wanted)
    if counted is not None and counted != len(records):
        raise _NotRegularError(f"{counted} records were counted and {len(records)} read")
    return records


def _tolerant(content: memoryview, columns: Sequence[str], wanted: Sequence[str]) -> Records:
    corrupt: dict[int, Corrupt] = {}
    passed_over: list[int] = []
    has_backslashes = False

    def with_all_fields(records: Iterable[Record]) -> Iterator[Record]:
        nonlocal has_backslashes
        for number, record in enumerate(records, 1):
            if record.fault is None:
                yield record
            elif is_nothing(_decoded(record.raw)):
                passed_over.append(number)
            else:
                corrupt[number] = Corrupt(record.raw, record.fault)
                has_backslashes = has_backslashes or record.has_backslashes

    values = _columns_of(with_all_fields(read_tolerantly(content, len(columns))), len(columns))
    return replace(
        _records(values, corrupt, columns, wanted),
        passed_over=tuple(passed_over),
        has_backslashes=has_backslashes,
    ).without_blank(wanted[0])


def _columns_of(records: Iterator[Record], width: int) -> pa.Table:
    schema = pa.schema([(str(index), pa.binary()) for index in range(width)])
    batches = []
    while rows := list(islice(records, _TOGETHER)):
        fields = zip(*(record.fields for record in rows), strict=True)
        arrays = [pa.array([field.encode(BYTES) for field in column], pa.binary()) for column in fields]
        batches.append(pa.record_batch(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema)


def _unpacked(content: memoryview) -> memoryview:
    try:
        with gzip.open(io.BytesIO(content)) as file:
            plain = file.read(MAX_FILE_BYTES + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise NotReadableError from error
    if len(plain) > MAX_FILE_BYTES:
        raise NotReadableError(f"there are more than {MAX_FILE_BYTES} bytes in the archive")
    return memoryview(plain)


def _blocks(content: memoryview) -> Iterator[bytes]:
    return (bytes(content[start : start + _BLOCK]) for start in range(0, len(content), _BLOCK))


def _parsed(content: memoryview, columns: Sequence[str], wanted: Sequence[str]) -> Records:
    try:
        values, corrupt = _read(content, len(columns), pa.string())
    except pa.ArrowInvalid as error:
        if "invalid UTF8" not in str(error):
            raise _NotRegularError from error
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
        corrupt[row.number - 1] = Corrupt(row.text.encode().decode(BYTES))  # Arrow counts the header too
        return "skip"

    # by position: extra names of a header may clash with each other
    names = [str(index) for index in range(columns)]
    table = csv.read_csv(
        pa.py_buffer(content),
        read_options=csv.ReadOptions(
            use_threads=False, block_size=_PARSER_BLOCK, column_names=names, skip_rows_after_names=1
        ),
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


def _no_records(columns: Sequence[str], wanted: Sequence[str]) -> Records:
    texts = pa.schema([*((name, pa.string()) for name in wanted), (BROKEN, pa.bool_())]).empty_table()
    values = pa.schema([(str(index), pa.string()) for index in range(len(columns))]).empty_table()
    return Records(texts=texts, values=values, corrupt={})
