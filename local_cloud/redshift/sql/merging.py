"""MERGE as strict as Redshift's."""

import duckdb
from sqlglot import exp

from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql.dialect import to_duckdb


def refuse_multiple_matches(
    connection: duckdb.DuckDBPyConnection, merge: exp.Merge, parameters: dict[str, str]
) -> None:
    """SqlError if several source rows match one target row: DuckDB would let any of them win.

    Only source keys that occur twice are joined, so the check costs one grouping of the source.
    """
    source = merge.args["using"]
    keys = [
        column for column in merge.args["on"].find_all(exp.Column) if column.table == source.alias_or_name
    ]
    if not keys:
        return
    repeated = (
        exp.select(*(key.copy() for key in keys))
        .from_(source.copy())
        .group_by(*(key.copy() for key in keys))
        .having("count(*) > 1")
        .subquery(source.alias_or_name)
    )
    matches = exp.select("1").from_(merge.this.copy()).join(repeated, on=merge.args["on"].copy()).limit(1)
    used = {node.name: parameters[node.name] for node in matches.find_all(exp.Placeholder)}
    if connection.execute(to_duckdb(matches), used).fetchone():
        raise SqlError("Found multiple matches to update the same tuple.")
