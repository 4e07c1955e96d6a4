"""Tables: what Redshift declares of them and DuckDB has no word for, and what the warehouse knows of them."""

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from local_cloud.redshift.errors import SqlError

_DEFAULT_SCHEMA = "main"
_WIDEST = 65535
_DEFAULT_WIDTH = {exp.DType.VARCHAR: 256, exp.DType.TEXT: 256, exp.DType.BPCHAR: 256, exp.DType.CHAR: 1}

# Declarations that steer storage, or that Redshift keeps without enforcing them. Primary keys too: in DuckDB
# one would make an upsert about twenty times slower.
_NOT_ENFORCED = (
    exp.EncodeColumnConstraint,
    exp.PrimaryKeyColumnConstraint,
    exp.Reference,
    exp.UniqueColumnConstraint,
)
_KEPT = (exp.DefaultColumnConstraint, exp.NotNullColumnConstraint)


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


def localize(create: exp.Create) -> None:
    """Change the tree in place: widths become checks in bytes, storage and unenforced keys go.

    SqlError for a declaration that would silently lose its meaning, such as an identity column.
    """
    if create.kind not in {"TABLE", "VIEW", "SCHEMA"}:
        raise SqlError(f"not supported locally: CREATE {create.kind}")
    create.set("no_schema_binding", None)
    properties = create.args.get("properties")
    if properties:
        kept = [p for p in properties.expressions if isinstance(p, exp.TemporaryProperty)]
        create.set("properties", exp.Properties(expressions=kept) if kept else None)
    if create.kind == "TABLE" and isinstance(create.this, exp.Schema):
        _localize_columns(create.this)


def width(kind: exp.Expr | None, bare: int | None = _WIDEST) -> int | None:
    """Bytes that a character type holds; None for other types, and for one without a length if `bare` is None."""
    if not isinstance(kind, exp.DataType) or kind.this not in _DEFAULT_WIDTH:
        return None
    if not kind.expressions:
        return None if bare is None else _DEFAULT_WIDTH[kind.this]
    length = kind.expressions[0].name
    return _WIDEST if length.lower() == "max" else int(length)


def _localize_columns(schema: exp.Schema) -> None:
    keys: set[str] = set()
    columns: list[exp.Expr] = []
    for element in schema.expressions:
        if isinstance(element, exp.PrimaryKey):
            keys |= {column.name for column in element.expressions}
        elif isinstance(element, exp.ColumnDef):
            columns.append(element)
        elif not isinstance(element, exp.UniqueColumnConstraint | exp.ForeignKey | exp.Constraint):
            raise SqlError(f"not supported locally: {element.sql('redshift')} in CREATE TABLE")
    for column in columns:
        localize_column(column, is_key=column.name in keys)
    schema.set("expressions", columns)


def localize_column(column: exp.Expr, *, is_key: bool = False) -> None:
    """Change the column's definition in place, see `localize`."""
    constraints = []
    for constraint in column.args.get("constraints") or ():
        is_key = is_key or isinstance(constraint.kind, exp.PrimaryKeyColumnConstraint)
        if isinstance(constraint.kind, _KEPT):
            constraints.append(constraint)
        elif not isinstance(constraint.kind, _NOT_ENFORCED):
            raise SqlError(f"not supported locally: {constraint.sql('redshift')} on column {column.name}")
    if is_key and not any(isinstance(c.kind, exp.NotNullColumnConstraint) for c in constraints):
        constraints.append(exp.ColumnConstraint(kind=exp.NotNullColumnConstraint()))
    if (limit := width(column.args.get("kind"))) is not None:
        column.set("kind", exp.DataType.build("text"))
        length = exp.Anonymous(this="strlen", expressions=[exp.column(column.this.copy())])
        check = exp.CheckColumnConstraint(this=exp.LTE(this=length, expression=exp.Literal.number(limit)))
        constraints.append(exp.ColumnConstraint(kind=check))
    column.set("constraints", constraints)
