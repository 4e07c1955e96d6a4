"""CSV objects as a query of their rows.

DuckDB's own reader loses the rest of a file at a quote that is never closed and leaves out empty lines; Redshift fails
the load. So the files are read here, and checked line by line.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

import duckdb
import pyarrow as pa

from local_cloud.redshift.copy import objects
from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql.tables import TableColumn

_NULL = r"\N"
_INTEGERS = {"SMALLINT", "INTEGER", "BIGINT"}
_ROWS = "rows_of_copy"


def rows_of(
    connection: duckdb.DuckDBPyConnection,
    buckets: Path,
    files: list[Path],
    table: str,
    targets: list[TableColumn],
    header_lines: int,
) -> str:
    r"""DuckDB's query of all rows; the first `header_lines` lines of each file are left out.

    As on Redshift an empty field is an empty string in a text column and NULL in a number, `\N` is NULL, and a file
    may hold nothing. SqlError where Redshift would refuse: another number of fields, quotes that do not pair up,
    bytes that are not UTF-8, something that is no whole number for a column of those.
    """
    for target in targets:
        if target.type not in {"VARCHAR", *_INTEGERS}:
            raise SqlError(
                f"not supported locally: COPY of CSV into {target.type}, column {target.name} of {table}; "
                "it loads text and whole numbers"
            )
    values: list[list[str | None]] = [[] for _ in targets]
    for file in files:
        for row in _Reader(file, objects.url_of(buckets, file), table, targets).rows(header_lines):
            for column, value in zip(values, row, strict=True):
                column.append(value)
    names = [f"c{number}" for number in range(len(targets))]
    # the connection is the transaction's own: the name ends with it
    connection.register(_ROWS, pa.table([pa.array(column, pa.string()) for column in values], names=names))
    casts = (f"{name}::{target.type}" for name, target in zip(names, targets, strict=True))
    return f"select {', '.join(casts)} from {_ROWS}"  # noqa: S608  # names and types are DuckDB's own


class _Reader:
    """The rows of one object; every fault names the object and the line its record ends at."""

    def __init__(self, file: Path, url: str, table: str, targets: Sequence[TableColumn]) -> None:
        self._file = file
        self._url = url
        self._table = table
        self._targets = targets
        self._line = 0

    def rows(self, header_lines: int) -> Iterator[list[str | None]]:
        records = csv.reader(self._lines(header_lines), strict=True)
        try:
            for record in records:
                yield self._row(record or [""])  # an empty line is a record of one empty field
        except csv.Error as error:
            raise self._fault(f"Invalid quote formatting for CSV: {error}") from None

    def _lines(self, header_lines: int) -> Iterator[str]:
        content = self._file.read_bytes()
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            self._line = content.count(b"\n", 0, error.start) + 1
            raise self._fault(
                "String contains invalid or unsupported UTF-8 codepoints. "
                f"Bad UTF-8 hex sequence: {content[error.start : error.end].hex(' ')}"
            ) from None
        # newline="": line ends inside quotes stay as they are
        for self._line, line in enumerate(StringIO(text, newline=""), 1):
            if self._line > header_lines:
                yield line

    def _row(self, record: list[str]) -> list[str | None]:
        if len(record) != len(self._targets):
            reason = "Delimiter not found" if len(record) < len(self._targets) else "Extra column(s) found"
            raise self._fault(f"{reason}: {len(record)} fields for {len(self._targets)} columns")
        return [self._value(field, target) for field, target in zip(record, self._targets, strict=True)]

    def _value(self, field: str, target: TableColumn) -> str | None:
        if field == _NULL:
            return None
        if target.type not in _INTEGERS:
            return field
        if field and not re.fullmatch(r"[+-]?[0-9]+", field):
            raise self._fault(f"Invalid digit, Value '{field[:100]}', column {target.name}")
        return field or None

    def _fault(self, reason: str) -> SqlError:
        return SqlError(f"Load into table '{self._table}' failed. {self._url}, line {self._line}: {reason}")
