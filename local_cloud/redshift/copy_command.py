"""Turns COPY into an INSERT from the same files: which files, in which format, and how to read each format."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from local_cloud.redshift.access import S3Access
from local_cloud.redshift.addresses import bucket_and_key, objects_below
from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql.tables import TableColumn, columns_of, qualified_name

_CSV_NULL = r"\N"
_CSV_ROWS = "rows_of_copy"

# Spark writes instants as INT96 or as adjusted-to-UTC micros; Redshift loads both into TIMESTAMP.
_READABLE_AS = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}

# hive_partitioning: a folder named run=... must not become a column.
_SCAN = "read_parquet({files}, hive_partitioning = false)"


@dataclass(frozen=True)
class _Load:
    """The parts of a COPY: the columns to fill, in the order of the file's columns, and each object's file by its address."""

    table: str
    columns: list[TableColumn]
    files: dict[str, Path]


def to_insert(
    connection: duckdb.DuckDBPyConnection, buckets: Path, copy: exp.Copy, access: S3Access | None
) -> str:
    """DuckDB's INSERT for a COPY from Parquet or CSV.

    SqlError where Redshift would refuse: no object at the prefix, an unknown column, a file that does not fit the columns,
    or, with `access`, a role that may not read the objects. Columns go by position, as on Redshift.
    """
    read = _csv_rows if _format_of(copy) == "csv" else _parquet_rows
    url = copy.args["files"][0].name
    files = _below_prefix(buckets, url)
    if access:
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        access.may_load(_role(copy), bucket, prefix, (key.partition("/")[2] for key in _keys(files)))
    table = copy.this.this if isinstance(copy.this, exp.Schema) else copy.this
    load = _Load(qualified_name(table), _targets(connection, copy, table), files)
    rows = read(connection, load)
    columns = ", ".join(exp.to_identifier(column.name, quoted=True).sql("duckdb") for column in load.columns)
    return f"insert into {table.sql('duckdb')} ({columns}) {rows}"


def _targets(connection: duckdb.DuckDBPyConnection, copy: exp.Copy, table: exp.Table) -> list[TableColumn]:
    columns = columns_of(connection, table)
    if not isinstance(copy.this, exp.Schema):
        return columns
    by_name = {column.name.lower(): column for column in columns}
    wanted = [column.name.lower() for column in copy.this.expressions]
    for name in wanted:
        if name not in by_name:
            raise SqlError(f'column "{name}" of relation "{qualified_name(table)}" does not exist')
    return [by_name[name] for name in wanted]


def _format_of(copy: exp.Copy) -> Literal["csv", "parquet"]:
    """The format of the files; SqlError for any other format, and for an option without a local meaning."""
    words = list(_words(copy))
    if "iam_role" in words:
        role = words.index("iam_role")
        del words[role : role + 2]
    if words in (["csv"], ["format", "csv"]):
        return "csv"
    if words in (["parquet"], ["format", "parquet"]):
        return "parquet"
    raise SqlError(
        "not supported locally: COPY reads FORMAT AS PARQUET and FORMAT AS CSV, without other options; "
        f"found {copy.sql('redshift')[:200]}"
    )


def _role(copy: exp.Copy) -> str:
    """The role that COPY acts as; the parser knows it only if it comes before every other option."""
    credentials = copy.args.get("credentials")
    if credentials and credentials.args.get("iam_role"):
        return str(credentials.args["iam_role"].name)
    words = list(_written(copy))
    names = [word.lower() for word in words]
    if "iam_role" not in names[:-1]:
        raise SqlError("COPY needs iam_role: found none")
    return words[names.index("iam_role") + 1]


def _words(copy: exp.Copy) -> Iterator[str]:
    return (word.lower() for word in _written(copy))


def _written(copy: exp.Copy) -> Iterator[str]:
    # The parser reads any two words as an option and its value, even `csv iam_role`.
    for parameter in copy.args.get("params") or ():
        for word in (parameter.name, parameter.expression.name if parameter.expression else ""):
            if word and word.lower() != "as":
                yield word


def _keys(files: dict[str, Path]) -> Iterator[str]:
    """Of each object `bucket/key`."""
    return (url.removeprefix("s3://") for url in files)


def _below_prefix(buckets: Path, url: str) -> dict[str, Path]:
    """Every visible object whose key starts with the prefix, in key order; SqlError if there is none."""
    bucket, prefix = bucket_and_key("COPY reads from", buckets, url)
    folder = bucket.joinpath(*prefix.split("/")[:-1])
    visible = {
        f"s3://{path.relative_to(buckets).as_posix()}": path
        for path in objects_below(bucket, prefix)
        # Spark's _SUCCESS, _temporary/ and .crc files: Redshift skips them too.
        if not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    }
    if not visible:
        raise SqlError(f"The specified S3 prefix '{prefix}' does not exist")
    return visible


def _parquet_rows(connection: duckdb.DuckDBPyConnection, load: _Load) -> str:
    """DuckDB's query of all rows, with columns by position, whatever their names in a file.

    SqlError where Redshift would refuse: another number of columns, or a column of another type.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for url, file in load.files.items():
        _refuse_empty_row_groups(url, file)
        groups.setdefault(_parquet_names(connection, load, url, file), []).append(str(file))
    return " union all ".join(
        f"select * from {_SCAN.format(files=_list(group))}"  # noqa: S608  # file names as quoted literals
        for group in groups.values()
    )


def _refuse_empty_row_groups(url: str, file: Path) -> None:
    """Redshift's documentation does not say what COPY makes of a row group of no rows; other readers refuse such files."""
    with pq.ParquetFile(file) as parquet:
        found = parquet.metadata
        empty = any(not found.row_group(index).num_rows for index in range(found.num_row_groups))
    if empty:
        raise SqlError(
            f"Spectrum Scan Error. File '{url}' has a row group without rows; write the file without a row group"
        )


def _parquet_names(
    connection: duckdb.DuckDBPyConnection, load: _Load, url: str, file: Path
) -> tuple[str, ...]:
    scan = _SCAN.format(files=_list([str(file)]))
    columns = connection.execute(f"describe select * from {scan}").fetchall()  # noqa: S608  # a quoted literal
    if len(columns) != len(load.columns):
        raise SqlError(
            "Spectrum Scan Error. Unmatched number of columns between table and file. "
            f"Table columns: {len(load.columns)}, Data columns: {len(columns)}, File name: {url}"
        )
    for target, (name, type_, *_) in zip(load.columns, columns, strict=True):
        if _READABLE_AS.get(type_, type_) != target.type:
            raise SqlError(
                f"Spectrum Scan Error. File '{url}' has an incompatible Parquet schema for column "
                f"'{load.table}.{target.name}'. Column type: {target.type}, Parquet schema: {type_} {name}"
            )
    return tuple(name for name, *_ in columns)


def _list(files: list[str]) -> str:
    return "[" + ", ".join(exp.Literal.string(file).sql("duckdb") for file in files) + "]"


def _csv_rows(connection: duckdb.DuckDBPyConnection, load: _Load) -> str:
    r"""DuckDB's query of all rows.

    As on Redshift, an empty field is an empty string, `\N` is NULL, and a file may be empty. SqlError where Redshift would
    refuse: a wrong number of fields, unpaired quotes, bytes that are not UTF-8.
    """
    for column in load.columns:
        if column.type != "VARCHAR":
            raise SqlError(
                f"not supported locally: COPY of CSV into {column.type}, column {column.name} of {load.table}; "
                "it loads text columns"
            )
    values: list[list[str | None]] = [[] for _ in load.columns]
    for url, file in load.files.items():
        for row in _CsvReader(load, url, file).rows():
            for fields, field in zip(values, row, strict=True):
                fields.append(field)
    names = [f"c{number}" for number in range(len(values))]
    # the connection belongs to the transaction: the name ends with it
    connection.register(
        _CSV_ROWS, pa.table([pa.array(fields, pa.string()) for fields in values], names=names)
    )
    return f"from {_CSV_ROWS}"


class _CsvReader:
    """The rows of one object; an error names the object and the last line of the record.

    DuckDB's own reader skips empty lines and loses the rest of a file after an unclosed quote; Redshift fails the load.
    """

    def __init__(self, load: _Load, url: str, file: Path) -> None:
        self._load = load
        self._url = url
        self._file = file
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
        # newline="" keeps line ends inside quotes
        for self._line, line in enumerate(StringIO(text, newline=""), 1):
            yield line

    def _row(self, record: list[str]) -> list[str | None]:
        width = len(self._load.columns)
        if len(record) != width:
            reason = "Delimiter not found" if len(record) < width else "Extra column(s) found"
            raise self._fault(f"{reason}: {len(record)} fields for {width} columns")
        return [None if field == _CSV_NULL else field for field in record]

    def _fault(self, reason: str) -> SqlError:
        return SqlError(
            f"Load into table '{self._load.table}' failed. {self._url}, line {self._line}: {reason}"
        )
