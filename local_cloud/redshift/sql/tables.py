"""What the warehouse knows about a table."""

from dataclasses import dataclass

import duckdb
import sqlglot
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
        _place(table),
    ).fetchall()
    if not rows:
        raise SqlError(f'relation "{qualified_name(table)}" does not exist')
    return [TableColumn(name, type_) for name, type_ in rows]


def create_like(connection: duckdb.DuckDBPyConnection, create: exp.Create) -> str | None:
    """DuckDB SQL for `create table a (like b)`; None for any other CREATE.

    Widths and NOT NULL always come along, defaults with INCLUDING DEFAULTS only, as on Redshift.
    """
    like = create.this.find(exp.LikeProperty)
    if like is None:
        return None
    row = connection.execute(
        "select sql from duckdb_tables() where lower(schema_name) = $schema and lower(table_name) = $name",
        _place(like.this),
    ).fetchone()
    if row is None:
        raise SqlError(f'relation "{qualified_name(like.this)}" does not exist')
    tree = sqlglot.parse_one(row[0], read="duckdb")
    tree.this.set("this", create.this.this.copy())
    for option in ("exists", "properties"):
        tree.set(option, create.args.get(option))
    if not any(
        "DEFAULTS" in part.sql().upper() and "INCLUDING" in part.sql().upper() for part in like.expressions
    ):
        for default in list(tree.find_all(exp.DefaultColumnConstraint)):
            default.parent.pop() if default.parent else default.pop()
    return tree.sql("duckdb")


def _place(table: exp.Table) -> dict[str, str]:
    return {"schema": (table.db or _DEFAULT_SCHEMA).lower(), "name": table.name.lower()}
