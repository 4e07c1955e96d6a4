"""Reads CSV files that hold nothing but whole numbers, as research data give ratings: by the block, in arrays."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from capture.csv_rows import header_told
from capture.errors import CaptureError
from capture.rejects import Line

_BLOCK_BYTES = 2 * 1024 * 1024
_DIGITS = 18
_ANY: Mapping[str, "Among"] = MappingProxyType({})

Bounds = Mapping[str, int]
"""The columns that are read, each with its largest number; the smallest is 0."""


class NotNumbersError(CaptureError):
    """The file lacks a column, or has no lines; the message says which file was expected."""


@dataclass(frozen=True)
class Among:
    """The numbers that a column may hold, and the reason for a line with another number."""

    numbers: frozenset[int]
    reason: str


@dataclass(frozen=True)
class Numbers:
    """Rows by column, and the number of the line of the first row."""

    first: int
    columns: Mapping[str, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def numbers_in(
    raw: BinaryIO,
    name: str,
    bounds: Bounds,
    reject: Callable[[Line, str], None],
    *,
    among: Mapping[str, Among] = _ANY,
) -> Iterator[Numbers]:
    """The rows of a file, a block at a time; a line that breaks the bounds or is no row of numbers is given to `reject` with the reason.

    `among` are columns that hold only some of the numbers within their bounds.
    Raises NotNumbersError if the header lacks a column.
    """
    first = raw.readline()
    header = [column.strip('" ') for column in first.decode("utf-8-sig", "replace").strip().split(",")]
    if missing := [column for column in bounds if column not in header]:
        raise NotNumbersError(
            f"{name}: found {header_told(header, first)}; expected {', '.join(bounds)} ({', '.join(missing)} missing)"
        )
    allowed = {each: np.array(sorted(few.numbers), np.int64) for each, few in among.items()}
    line = 2
    for text in _whole_lines(raw, name):
        columns = _at_once(text, header, bounds)
        if columns is None or not all(np.isin(columns[each], few).all() for each, few in allowed.items()):
            columns = _one_by_one(text, line, header, bounds, among, reject)
        if len(columns[next(iter(bounds))]):
            yield Numbers(line, columns)
        line += text.count(b"\n")


def _whole_lines(raw: BinaryIO, name: str) -> Iterator[bytes]:
    """Blocks that end with a line."""
    begun = b""
    while block := raw.read(_BLOCK_BYTES):
        text, newline, rest = (begun + block).rpartition(b"\n")
        if not newline and len(rest) > _BLOCK_BYTES:
            raise NotNumbersError(
                f"{name} has a line of more than {_BLOCK_BYTES:,} bytes, expected a few numbers"
            )
        begun = rest
        if newline:
            yield text + newline
    if begun.strip():
        yield begun


def _at_once(text: bytes, header: Sequence[str], bounds: Bounds) -> Mapping[str, NDArray[np.int64]] | None:
    """The rows; None if any line is faulty."""
    try:
        table = pa_csv.read_csv(
            pa.py_buffer(text),
            pa_csv.ReadOptions(column_names=list(header)),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(bounds, pa.int64()), include_columns=list(bounds)
            ),
        )
    except pa.ArrowInvalid:
        return None
    for name, largest in bounds.items():
        column = table[name]
        if not table.num_rows:
            continue
        least_greatest = pc.min_max(column).as_py()
        if column.null_count or least_greatest["min"] < 0 or least_greatest["max"] > largest:
            return None
    return {name: table[name].to_numpy() for name in bounds}


def _one_by_one(
    text: bytes,
    first: int,
    header: Sequence[str],
    bounds: Bounds,
    among: Mapping[str, Among],
    reject: Callable[[Line, str], None],
) -> Mapping[str, NDArray[np.int64]]:
    rows = list[list[int]]()
    for number, line in enumerate(text.removesuffix(b"\n").split(b"\n"), first):
        if line.strip():
            try:
                rows.append(_row(line, header, bounds, among))
            except ValueError as error:
                reject(Line(number, line), str(error))
    columns = np.array(rows, np.int64).reshape(len(rows), len(bounds)).T
    return dict(zip(bounds, columns, strict=True))


def _row(line: bytes, header: Sequence[str], bounds: Bounds, among: Mapping[str, Among]) -> list[int]:
    """The numbers of a line. Raises ValueError that says what is wrong."""
    try:
        fields = next(csv.reader([line.decode(errors="replace")]))
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if len(fields) != len(header):
        raise ValueError(f"found {len(fields)} fields, expected {len(header)}")
    texts = dict(zip(header, map(str.strip, fields), strict=True))
    for name, largest in bounds.items():
        digits = texts[name]
        if not (
            digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS and int(digits) <= largest
        ):
            raise ValueError(f"{name} is {digits[:40]!r}, expected a number from 0 to {largest}")
    for name, few in among.items():
        if int(texts[name]) not in few.numbers:
            raise ValueError(few.reason)
    return [int(texts[name]) for name in bounds]
