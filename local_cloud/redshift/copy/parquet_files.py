"""Parquet objects as a query of their rows."""

from pathlib import Path
from typing import TypeAlias

import duckdb
from sqlglot import exp

from local_cloud.redshift.copy import objects
from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql.tables import TableColumn

_Names: TypeAlias = tuple[str, ...]

# Spark writes instants as INT96 or as adjusted-to-UTC micros; Redshift loads both into TIMESTAMP.
_READABLE_AS = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}

# hive_partitioning: a folder called run=... must not become a column.
_SCAN = "read_parquet({files}, hive_partitioning = false)"


def rows_of(
    connection: duckdb.DuckDBPyConnection,
    buckets: Path,
    files: list[Path],
    table: str,
    targets: list[TableColumn],
) -> str:
    """DuckDB's query of all rows, the columns by position, whatever they are called in a file.

    SqlError where Redshift would refuse: another number of columns, or a column of another type.
    """
    groups: dict[_Names, list[str]] = {}
    for file in files:
        names = _checked_names(connection, file, objects.url_of(buckets, file), table, targets)
        groups.setdefault(names, []).append(str(file))
    return " union all ".join(
        f"select * from {_SCAN.format(files=_list(group))}"  # noqa: S608  # file names as quoted literals
        for group in groups.values()
    )


def _checked_names(
    connection: duckdb.DuckDBPyConnection, file: Path, url: str, table: str, targets: list[TableColumn]
) -> _Names:
    scan = _SCAN.format(files=_list([str(file)]))
    found = connection.execute(f"describe select * from {scan}").fetchall()  # noqa: S608  # a quoted literal
    if len(found) != len(targets):
        raise SqlError(
            "Spectrum Scan Error. Unmatched number of columns between table and file. "
            f"Table columns: {len(targets)}, Data columns: {len(found)}, File name: {url}"
        )
    for target, (name, type_, *_) in zip(targets, found, strict=True):
        if _READABLE_AS.get(type_, type_) != target.type:
            raise SqlError(
                f"Spectrum Scan Error. File '{url}' has an incompatible Parquet schema for column "
                f"'{table}.{target.name}'. Column type: {target.type}, Parquet schema: {type_} {name}"
            )
    return tuple(name for name, *_ in found)


def _list(files: list[str]) -> str:
    return "[" + ", ".join(exp.Literal.string(file).sql("duckdb") for file in files) + "]"
