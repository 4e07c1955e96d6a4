"""A Redshift syntax tree to DuckDB SQL, keeping Redshift's meaning where the two differ.

Known differences that remain: the quotient of decimals is a double (Redshift: a decimal whose scale follows from
both operands), the sum of integers is a NUMERIC(38,0) also where Redshift answers BIGINT (write `::bigint`), and the
average of decimals is rounded to their scale by way of a double.
"""

import re

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql import ddl
from local_cloud.redshift.sql.rewrites import REWRITES

_TRANSACTION = (exp.Transaction, exp.Commit, exp.Rollback)
_STATEMENTS = (
    exp.Alter,
    exp.Comment,
    exp.Create,
    exp.Delete,
    exp.Drop,
    exp.Insert,
    exp.Merge,
    exp.Query,
    exp.TruncateTable,
    exp.Update,
)


def to_duckdb(tree: exp.Expr) -> str:
    """DuckDB SQL for any statement but COPY; SqlError where there is none."""
    if isinstance(tree, _TRANSACTION):
        raise SqlError(
            "BEGIN, COMMIT and ROLLBACK cannot be sent: a statement, or a batch of them, is one transaction"
        )
    if not isinstance(tree, _STATEMENTS):
        raise SqlError(f"not supported locally: {tree.sql('redshift')[:80]}")
    tree = tree.copy()
    if isinstance(tree, exp.Query):
        _name_columns(tree)
    if isinstance(tree, exp.Create):
        ddl.localize(tree)
    if isinstance(tree, exp.Alter):
        ddl.refuse_sized_columns(tree)
    for node in reversed(list(tree.walk())):
        if rewrite := REWRITES.get(type(node)):
            rewrite(node)
    try:
        return tree.sql("duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise SqlError(f"not supported locally: {error}") from None


def _name_columns(query: exp.Query) -> None:
    """Name the columns of a result as Redshift does: `count`, `max`, or `?column?`."""
    for select in query.selects:
        if isinstance(select, exp.Alias | exp.Column | exp.Star):
            continue
        value = select.this if isinstance(select, exp.Cast) else select
        function = re.match(r"(\w+)\(", select.sql("redshift"))
        if isinstance(value, exp.Column):
            name = value.name
        elif function and isinstance(select, exp.Func | exp.Window | exp.Filter | exp.WithinGroup):
            name = function[1] if value is select else "?column?"
        else:
            name = "case" if isinstance(select, exp.Case) else "?column?"
        select.replace(exp.alias_(select.copy(), name.lower(), quoted=True))
