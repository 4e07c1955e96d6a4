"""Tables of an older catalog, and their way to a newer one."""

from hypothesis import strategies as st

from lambdas.compare_catalog import statements as steps_of
from lambdas.shared.migration import Definitions, definitions_of, migration
from sql import statements
from sql.template import definition_list
from tests.sql.engine import Engine

NEWEST = {
    name: columns for name, columns in statements.catalog().items() if name.endswith((".books", ".authors"))
}


@st.composite
def older(draw: st.DrawFn, newer: Definitions) -> dict[str, dict[str, str]]:
    """A catalog from which the newer one is made by adding optional columns and widening texts."""
    found: dict[str, dict[str, str]] = {}
    for table, columns in newer.items():
        found[table] = {}
        for column, definition in columns.items():
            if definition.endswith("not null") or not draw(st.booleans()):
                found[table][column] = definition
            elif definition.startswith("varchar"):
                found[table][column] = f"varchar({draw(st.integers(1, int(definition[8:-1])))})"
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, dict[str, str]]]:
    """Catalogs, the oldest first; the last one is the newest."""
    versions = [NEWEST]
    for _ in range(draw(st.integers(1, 3))):
        versions.insert(0, draw(older(versions[0])))
    return versions


def create(session: Engine, catalog: Definitions) -> None:
    """Tables of that catalog, with a row."""
    for table, columns in catalog.items():
        session.run(f"drop table if exists {table}")
        session.run(f"create table {table} (\n{definition_list(columns)}\n)")
        required = [name for name, definition in columns.items() if definition.endswith("not null")]
        values = ", ".join(
            "timestamp '2020-02-19'" if "timestamp" in columns[name] else "7" for name in required
        )
        session.run(f"insert into {table} ({', '.join(required)}) values ({values})")


def found(session: Engine) -> dict[str, dict[str, str]]:
    """The tables as they are."""
    names = (
        "table_schema",
        "table_name",
        "column_name",
        "is_nullable",
        "data_type",
        "character_maximum_length",
    )
    (query,) = [sql for sql in statements.create_warehouse() if "svv_columns" in sql]
    rows = session.rows(query)
    described = [dict(zip((*names, "numeric_precision", "numeric_scale"), row, strict=True)) for row in rows]
    return {table: columns for table, columns in definitions_of(described).items() if table in NEWEST}


def migrate(session: Engine, wanted: Definitions, *, steps: int | None = None) -> None:
    """Take the steps to the wanted catalog, or only the first ones."""
    planned = migration(wanted, found(session))
    assert planned.refused == ()
    for sql in steps_of(planned.steps, statements.MIGRATION_STEPS)[:steps]:
        session.run(sql)
