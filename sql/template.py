"""Fills the names into a .sql file."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from string import Template

from catalog import Column, Dataset, Type

REDSHIFT_TYPES = {
    Type.BIGINT: "bigint",
    Type.INTEGER: "integer",
    Type.RATING: "decimal(3, 2)",
    Type.BOOLEAN: "boolean",
    Type.TIMESTAMP: "timestamp",
    Type.OFFSET_TIMESTAMP: "timestamp",
}
"""Logical type to Redshift type; text is `varchar` of the column's width in bytes."""

INDENT = "    "


@cache
def _template(path: str) -> Template:
    return Template(files("sql").joinpath(path).read_text(encoding="utf-8"))


def render(path: str, **names: str | int) -> str:
    """The statement in sql/`path` with its `$names` filled in; KeyError if one is missing."""
    return _template(path).substitute(names).strip()


def redshift_type(column: Column) -> str:
    """The column's type in Redshift."""
    return f"varchar({column.max_bytes})" if column.type is Type.TEXT else REDSHIFT_TYPES[column.type]


def column_list(columns: Iterable[Column], prefix: str = "") -> str:
    """`prefix` and name of each column, a line each."""
    return name_list((column.name for column in columns), prefix)


def name_list(names: Iterable[str], prefix: str = "") -> str:
    """`prefix` and each name, a line each."""
    return ",\n".join(f"{INDENT}{prefix}{name}" for name in names)


def definitions(columns: Iterable[Column]) -> dict[str, str]:
    """The type of each column, with NOT NULL if it is required."""
    return {
        column.name: redshift_type(column) + (" not null" if column.required else "") for column in columns
    }


def definition_list(defined: Mapping[str, str]) -> str:
    """Name and definition of each column, a line each."""
    return ",\n".join(f"{INDENT}{name} {definition}" for name, definition in defined.items())


def column_definitions(columns: Iterable[Column]) -> str:
    """The columns with type and NOT NULL, a line each."""
    return definition_list(definitions(columns))


def assignments(dataset: Dataset, source: str) -> str:
    """`column = source.column` for every stored column but the key, a line each, three levels in."""
    return ",\n".join(
        f"{3 * INDENT}{column.name} = {source}.{column.name}"
        for column in dataset.stored_columns
        if column.name != dataset.key
    )
