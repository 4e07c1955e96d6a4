"""COPY ... FORMAT AS PARQUET as an INSERT from the same files."""

from pathlib import Path
from typing import TypeAlias

import duckdb
from sqlglot import exp

from local_cloud.redshift import objects
from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.tables import TableColumn, columns_of, qualified_name

_Names: TypeAlias = tuple[str, ...]

# Spark writes instants as INT96 or as adjusted-to-UTC micros; Redshift loads both into TIMESTAMP.
_READABLE_AS = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}
_ACCEPTED_OPTIONS = {"format", "parquet", "manifest", "iam_role"}

# hive_partitioning: a folder called run=... must not become a column.
_SCAN = "read_parquet({files}, hive_partitioning = false)"


def to_insert(connection: duckdb.DuckDBPyConnection, buckets: Path, copy: exp.Copy) -> str:
    """DuckDB's INSERT for a COPY from Parquet.

    SqlError where Redshift would refuse: nothing at the prefix, another number of columns, or a column of another
    type. As on Redshift the columns go by position, whatever they are called in a file.
    """
    options = _options(copy)
    url = copy.args["files"][0].name
    files = objects.in_manifest(buckets, url) if "manifest" in options else objects.below_prefix(buckets, url)
    table = copy.this.this if isinstance(copy.this, exp.Schema) else copy.this
    targets = _targets(connection, copy, table)
    groups: dict[_Names, list[str]] = {}
    for file in files:
        names = _checked_names(
            connection, file, objects.url_of(buckets, file), qualified_name(table), targets
        )
        groups.setdefault(names, []).append(str(file))
    rows = " union all ".join(
        f"select * from {_SCAN.format(files=_list(group))}"  # noqa: S608  # file names as quoted literals
        for group in groups.values()
    )
    columns = ", ".join(exp.to_identifier(column.name, quoted=True).sql("duckdb") for column in targets)
    return f"insert into {table.sql('duckdb')} ({columns}) {rows}"


def _options(copy: exp.Copy) -> set[str]:
    given = {parameter.name.lower(): parameter.expression for parameter in copy.args.get("params") or ()}
    kind = given["format"].name.lower() if given.get("format") else "parquet" if "parquet" in given else "csv"
    if kind != "parquet" or not given.keys() <= _ACCEPTED_OPTIONS:
        raise SqlError(
            "not supported locally: COPY reads FORMAT AS PARQUET, with MANIFEST or without; "
            f"found {copy.sql('redshift')[:200]}"
        )
    return set(given)


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
