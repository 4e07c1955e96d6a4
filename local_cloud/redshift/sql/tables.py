"""What the warehouse knows about a table."""

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from local_cloud.redshift.errors import SqlError

_DEFAULT_SCHEMA = "main"


@dataclass(frozen=True)
class TableColumn:
    """`type` as DuckDB names it, such as BIGINT or DECIMAL(3,2)."""

    name: str
    type: str


def qualified_name(table: exp.Table) -> str:
    """`schema.table` in lower case, for messages and for comparing."""
    return f"{table.db or _DEFAULT_SCHEMA}.{table.name}".lower()


def columns_of(connection: duckdb.DuckDBPyConnection, table: exp.Table) -> list[TableColumn]:
    """The columns in their order; SqlError if there is no such table."""
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where lower(schema_name) = $schema and lower(table_name) = $name order by column_index",
        {"schema": (table.db or _DEFAULT_SCHEMA).lower(), "name": table.name.lower()},
    ).fetchall()
    if not rows:
        raise SqlError(f'relation "{qualified_name(table)}" does not exist')
    return [TableColumn(name, type_) for name, type_ in rows]
