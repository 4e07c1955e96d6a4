"""ALTER TABLE as Redshift has it: one column a statement; a text's width can change, no other type.

DuckDB cannot add or change a column that has a check, and the width of a text is one here. So the table is made anew,
filled, and given the name of the old one, in the same transaction.
"""

import duckdb
import sqlglot
from sqlglot import exp

from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql import tables

_AS_STORED = (exp.EncodeColumnConstraint, exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint)


def changes_type(tree: exp.Expr | None) -> bool:
    """Whether the statement changes a column's type: Redshift runs such a statement only outside a transaction block."""
    return isinstance(tree, exp.Alter) and any(
        isinstance(action, exp.AlterColumn) and action.args.get("dtype") for action in tree.actions
    )


def to_statements(connection: duckdb.DuckDBPyConnection, alter: exp.Alter) -> list[str] | None:
    """DuckDB's statements for an added column or a changed width; None for what DuckDB does itself.

    SqlError for what Redshift refuses.
    """
    actions = alter.actions
    if not any(isinstance(action, exp.ColumnDef) or _type_of(action) for action in actions):
        return None
    if len(actions) > 1:
        raise SqlError("ALTER TABLE takes one column: send a statement for each")
    schema = _definition(connection, alter.this)
    old = [column.name for column in schema.find_all(exp.ColumnDef)]
    (action,) = actions
    if isinstance(action, exp.ColumnDef):
        _add(schema, action.copy(), alter.this)
    else:
        _widen(schema, action, alter.this)
    return _made_anew(alter.this, schema, old)


def _type_of(action: exp.Expr) -> exp.DataType | None:
    return action.args.get("dtype") if isinstance(action, exp.AlterColumn) else None


def _definition(connection: duckdb.DuckDBPyConnection, table: exp.Table) -> exp.Schema:
    """The columns and checks of the table as it is."""
    tables.columns_of(connection, table)  # raises if there is no such table
    schema, _, name = tables.qualified_name(table).rpartition(".")
    row = connection.execute(
        "select sql from duckdb_tables() where lower(schema_name) = $schema and lower(table_name) = $name",
        {"schema": schema, "name": name},
    ).fetchone()
    if row is None:
        raise SqlError(f'"{tables.qualified_name(table)}" is a view: only a table can be altered')
    found = sqlglot.parse_one(row[0], read="duckdb").this
    if not isinstance(found, exp.Schema):
        raise SqlError(f"not supported locally: altering {tables.qualified_name(table)}")
    return found


def _add(schema: exp.Schema, column: exp.ColumnDef, table: exp.Table) -> None:
    kinds = [constraint.kind for constraint in column.args.get("constraints") or ()]
    if _column(schema, column.name):
        raise SqlError(f'column "{column.name}" of relation "{table.name}" already exists')
    if any(isinstance(kind, _AS_STORED) for kind in kinds):
        raise SqlError(f"a column that is added cannot be a key, nor unique: {column.sql('redshift')}")
    required = any(isinstance(kind, exp.NotNullColumnConstraint) for kind in kinds)
    if required and not any(isinstance(kind, exp.DefaultColumnConstraint) for kind in kinds):
        raise SqlError("ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression")
    tables.localize_column(column)
    schema.append("expressions", column)


def _widen(schema: exp.Schema, action: exp.Expr, table: exp.Table) -> None:
    column, dtype = _column(schema, action.name), _type_of(action)
    if column is None:
        raise SqlError(f'column "{action.name}" of relation "{table.name}" does not exist')
    check = _width_check(schema, action.name)
    if check is None or dtype is None or dtype.this != exp.DType.VARCHAR:
        raise SqlError(f"ALTER COLUMN TYPE changes only the size of a VARCHAR: column {action.name}")
    if any(
        isinstance(each.kind, exp.DefaultColumnConstraint) for each in column.args.get("constraints") or ()
    ):
        raise SqlError(f"ALTER COLUMN TYPE does not take a column with a default value: column {action.name}")
    check.set("expression", exp.Literal.number(tables.width(dtype) or 0))


def _column(schema: exp.Schema, name: str) -> exp.ColumnDef | None:
    found = (column for column in schema.find_all(exp.ColumnDef) if column.name.lower() == name.lower())
    return next(found, None)


def _width_check(schema: exp.Schema, name: str) -> exp.LTE | None:
    """The comparison that keeps the width of a text."""
    checks = (
        check for each in schema.find_all(exp.CheckColumnConstraint) for check in each.find_all(exp.LTE)
    )
    return next(
        (check for check in checks if name.lower() in {c.name.lower() for c in check.find_all(exp.Column)}),
        None,
    )


def _made_anew(table: exp.Table, schema: exp.Schema, old: list[str]) -> list[str]:
    new = exp.table_(f"{table.name}__altered", db=table.db or None)
    schema.set("this", new)
    names = ", ".join(exp.to_identifier(name, quoted=True).sql("duckdb") for name in old)
    before, after = table.sql("duckdb"), new.sql("duckdb")
    return [
        exp.Create(this=schema, kind="TABLE").sql("duckdb"),
        f"insert into {after} ({names}) select {names} from {before}",  # noqa: S608 # names of the catalog, quoted
        f"drop table {before}",
        f"alter table {after} rename to {exp.to_identifier(table.name).sql('duckdb')}",
    ]
