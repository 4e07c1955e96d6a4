"""CSV objects as a query of their rows.

DuckDB's own reader loses the rest of a file at a quote that is never closed and leaves out empty lines; Redshift fails
the load. So the files are read here, and checked line by line.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import duckdb
import pyarrow as pa

from local_cloud.redshift.copy import objects
from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql.tables import TableColumn

_NULL = r"\N"
_ROWS = "rows_of_copy"


def rows_of(
    connection: duckdb.DuckDBPyConnection,
    buckets: Path,
    files: list[Path],
    table: str,
    targets: list[TableColumn],
) -> str:
    r"""DuckDB's query of all rows.

    As on Redshift an empty field is an empty string, `\N` is NULL, and a file may hold nothing. SqlError where Redshift
    would refuse: another number of fields, quotes that do not pair up, bytes that are not UTF-8.
    """
    for target in targets:
        if target.type != "VARCHAR":
            raise SqlError(
                f"not supported locally: COPY of CSV into {target.type}, column {target.name} of {table}; "
                "it loads text columns"
            )
    values: list[list[str | None]] = [[] for _ in targets]
    for file in files:
        for row in _Reader(file, objects.url_of(buckets, file), table, len(targets)).rows():
            for column, value in zip(values, row, strict=True):
                column.append(value)
    names = [f"c{number}" for number in range(len(targets))]
    # the connection is the transaction's own: the name ends with it
    connection.register(_ROWS, pa.table([pa.array(column, pa.string()) for column in values], names=names))
    return f"from {_ROWS}"


class _Reader:
    """The rows of one object; every fault names the object and the line its record ends at."""

    def __init__(self, file: Path, url: str, table: str, width: int) -> None:
        self._file = file
        self._url = url
        self._table = table
        self._width = width
        self._line = 0

    def rows(self) -> Iterator[list[str | None]]:
        records = csv.reader(self._lines(), strict=True)
        try:
            for record in records:
                yield self._row(record or [""])  # an empty line is a record of one empty field
        except csv.Error as error:
            raise self._fault(f"Invalid quote formatting for CSV: {error}") from None

    def _lines(self) -> Iterator[str]:
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
            yield line

    def _row(self, record: list[str]) -> list[str | None]:
        if len(record) != self._width:
            reason = "Delimiter not found" if len(record) < self._width else "Extra column(s) found"
            raise self._fault(f"{reason}: {len(record)} fields for {self._width} columns")
        return [None if field == _NULL else field for field in record]

    def _fault(self, reason: str) -> SqlError:
        return SqlError(f"Load into table '{self._table}' failed. {self._url}, line {self._line}: {reason}")
