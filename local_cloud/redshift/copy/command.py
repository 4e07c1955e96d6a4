"""COPY as an INSERT from the same files."""

from pathlib import Path

import duckdb
from sqlglot import exp

from local_cloud.redshift.copy import csv_files, objects, parquet_files
from local_cloud.redshift.copy.options import format_of
from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql.tables import TableColumn, columns_of, qualified_name


def to_insert(connection: duckdb.DuckDBPyConnection, buckets: Path, copy: exp.Copy) -> str:
    """DuckDB's INSERT for a COPY from Parquet or CSV.

    SqlError where Redshift would refuse: nothing at the prefix, a column that the table lacks, or a file that does
    not fit the columns. As on Redshift the columns go by position.
    """
    kind = format_of(copy)
    files = objects.below_prefix(buckets, copy.args["files"][0].name)
    table = copy.this.this if isinstance(copy.this, exp.Schema) else copy.this
    targets = _targets(connection, copy, table)
    name = qualified_name(table)
    read = csv_files.rows_of if kind == "csv" else parquet_files.rows_of
    rows = read(connection, buckets, files, name, targets)
    columns = ", ".join(exp.to_identifier(column.name, quoted=True).sql("duckdb") for column in targets)
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
