"""Reading the warehouse file while no endpoint runs."""

from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from local_cloud.redshift.errors import SqlError, from_duckdb
from local_cloud.redshift.sql.dialect import to_duckdb
from local_cloud.redshift.sql.parsing import parse
from local_cloud.redshift.warehouse import SETTINGS


def read_only_query(database: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a query in Redshift SQL.

    SqlError if it is no query, fails, or the file cannot be opened: it is missing, or a running endpoint owns it.
    """
    tree = parse(sql)
    if not isinstance(tree, exp.Query):
        raise SqlError("only queries can be run here: expected SELECT or WITH")
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute(SETTINGS)
            rows = connection.execute(to_duckdb(tree)).fetchall()
            return [name.lower() for name, *_ in connection.description], rows
    except duckdb.Error as error:
        raise from_duckdb(error, "?") from None
