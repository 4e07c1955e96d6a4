"""Reads the bytes of a CSV file into columns of text, with Arrow's parser."""

import gzip
import io
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from csv import reader as csv_records
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from contract.csv_cutting import NotCuttableError, count_records
from spark_jobs.reading import MAX_FIELD_CHARACTERS, MAX_FIELDS

BROKEN = ":broken"
"""The column that says whether some bytes of the row are not UTF-8."""

MAX_FILE_BYTES = 512 * 1024 * 1024
"""The largest file for Arrow, also after unpacking; a node may lack the memory for a larger one."""

_BLOCK = 256 * 1024
_SOMETHING = r"[^\p{Z}\p{Cc}]"


class NotRegularError(Exception):
    """The file is not for this parser: Spark's parser has to read it and say what is wrong with it."""


@dataclass(frozen=True)
class Records:
    """A file's records, in order.

    `texts` and `values` hold the records with all fields, a column for each name of the header. `values` are the bytes in
    the file; `texts` are the same as text, empty where a wanted column is not UTF-8 (BROKEN says so). `corrupt` holds the
    texts of records with another number of fields, by their numbers, from 1. `blank` are the numbers of the records that hold
    nothing in any field; they are nowhere else.
    """

    texts: pa.Table
    values: pa.Table
    corrupt: dict[int, str]
    blank: tuple[int, ...] = ()

    def __len__(self) -> int:
        return int(self.texts.num_rows) + len(self.corrupt) + len(self.blank)

    def numbers(self) -> np.ndarray:
        """The numbers of the records in `texts`."""
        every = np.arange(1, len(self) + 1)
        return np.setdiff1d(every, [*self.corrupt, *self.blank], assume_unique=True)

    def without_blank(self, wanted: str) -> "Records":
        """The same records, with those that hold nothing in `blank`; `wanted` is a column that is seldom empty."""
        corrupt = {number: text for number, text in self.corrupt.items() if not is_blank(text)}
        mask = _blank_rows(self, wanted)
        if len(corrupt) == len(self.corrupt) and mask is None:
            return self
        kept = np.ones(self.texts.num_rows, bool) if mask is None else ~mask
        blank = [*self.numbers()[~kept].tolist(), *(self.corrupt.keys() - corrupt.keys())]
        return Records(
            texts=self.texts.filter(pa.array(kept)),
            values=self.values.filter(pa.array(kept)),
            corrupt=corrupt,
            blank=tuple(sorted(blank)),
        )


def is_blank(record: str) -> bool:
    """Whether a record's text is CSV whose fields hold nothing but white space and control characters."""
    if not _is_nothing(record.translate({ord(","): None, ord('"'): None})):
        return False  # most records; the parser comes only for the others
    return all(_is_nothing(field) for row in csv_records([record]) for field in row)


def _is_nothing(field: str) -> bool:
    return all(unicodedata.category(sign) in ("Zs", "Zl", "Zp", "Cc") for sign in field)


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
        return np.array([_is_nothing(value.decode(errors="replace")) for value in values.to_pylist()])
    hold_something: np.ndarray = pc.match_substring_regex(texts, _SOMETHING).to_numpy()
    return ~hold_something


def read_records_of(
    content: memoryview, columns: Sequence[str], wanted: Sequence[str], *, packed: bool, proved: bool
) -> Records:
    """The records of a file with this header; their texts are the `wanted` columns and BROKEN.

    `packed` is gzip. `proved` says that the file is known to be regular: every quote opens or closes a field or is
    doubled. Otherwise this function checks. NotRegularError if the file is not regular, or if Spark's parser would
    refuse it.
    """
    plain = _unpacked(content) if packed else content
    try:
        counted = None if proved else count_records(_blocks(plain))
    except NotCuttableError as error:
        raise NotRegularError from error
    if counted == 0:
        return _no_records(columns, wanted)
    records = _parsed(plain, columns, wanted)
    if counted is not None and counted != len(records):
        raise NotRegularError(f"{counted} records were counted and {len(records)} read")
    return records


def _unpacked(content: memoryview) -> memoryview:
    try:
        with gzip.open(io.BytesIO(content)) as file:
            plain = file.read(MAX_FILE_BYTES + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise NotRegularError from error
    if len(plain) > MAX_FILE_BYTES:
        raise NotRegularError(f"there are more than {MAX_FILE_BYTES} bytes in the archive")
    return memoryview(plain)


def _blocks(content: memoryview) -> Iterator[bytes]:
    return (bytes(content[start : start + _BLOCK]) for start in range(0, len(content), _BLOCK))


def _parsed(content: memoryview, columns: Sequence[str], wanted: Sequence[str]) -> Records:
    try:
        values, corrupt = _read(content, len(columns), pa.string())
        texts, broken = values, np.zeros(values.num_rows, bool)
    except pa.ArrowInvalid as error:
        if "invalid UTF8" not in str(error):
            raise NotRegularError from error
        values, corrupt = _read(content, len(columns), pa.binary())
        texts, broken = _without_invalid(values, [columns.index(name) for name in wanted])
    longest = max((pc.max(pc.binary_length(column)).as_py() or 0 for column in values.columns), default=0)
    if longest > MAX_FIELD_CHARACTERS or any(fields > MAX_FIELDS for _, fields in corrupt.values()):
        raise NotRegularError("Spark's parser takes no field or record of that size")
    looked_at = texts.select([columns.index(name) for name in wanted]).rename_columns(list(wanted))
    records = Records(
        texts=looked_at.append_column(BROKEN, pa.array(broken)),
        values=values,
        corrupt={number: text for number, (text, _) in corrupt.items()},
    )
    return records.without_blank(wanted[0])


def _read(
    content: memoryview, columns: int, type_: pa.DataType
) -> tuple[pa.Table, dict[int, tuple[str, int]]]:
    """The records with all fields; and the text and the number of fields of the others, by number."""
    corrupt: dict[int, tuple[str, int]] = {}

    def skip(row: csv.InvalidRow) -> str:
        corrupt[row.number - 1] = row.text, row.actual_columns  # Arrow counts the header too
        return "skip"

    # by position: extra names of a header may clash with each other
    names = [str(index) for index in range(columns)]
    table = csv.read_csv(
        pa.py_buffer(content),
        read_options=csv.ReadOptions(
            use_threads=False, block_size=MAX_FIELD_CHARACTERS, column_names=names, skip_rows_after_names=1
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
