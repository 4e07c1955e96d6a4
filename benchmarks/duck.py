"""DuckDB over landing files, for the contestants and for the comparison of rows."""

from pathlib import Path
from string import Template

import duckdb

from catalog import Dataset, Type

_SQL = Path(__file__).with_name("sql")

_TYPES = {
    Type.BIGINT: "bigint",
    Type.INTEGER: "integer",
    Type.RATING: "decimal(3, 2)",
    Type.BOOLEAN: "boolean",
    Type.TIMESTAMP: "timestamp",
    Type.OFFSET_TIMESTAMP: "varchar",  # parsed by `typed_columns`
    Type.TEXT: "varchar",
}


def render(name: str, **names: str) -> str:
    """The statement in sql/`name` with its `$names` filled in. Raises KeyError if a name is missing."""
    return Template((_SQL / name).read_text(encoding="utf-8")).substitute(names)


def connect(scratch: Path, database: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that reads times without a zone as UTC and spills to `scratch`; the caller closes it."""
    connection = duckdb.connect(str(database) if database else ":memory:")
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"set temp_directory = {quoted(scratch)}")
    return connection


def quoted(text: str | Path) -> str:
    """A text as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def file_list(files: list[Path]) -> str:
    """A list of files as an SQL literal."""
    return f"[{', '.join(map(quoted, files))}]"


def landed_rows(dataset: Dataset, files: list[Path]) -> str:
    """read_csv of landing files: the catalog's columns in its types, dates with an offset as text."""
    types = ", ".join(f"{quoted(column.name)}: {quoted(_TYPES[column.type])}" for column in dataset.columns)
    return render("landed_rows.sql", files=file_list(files), types=f"{{{types}}}")


def typed_columns(dataset: Dataset) -> str:
    """A select list over `landed_rows` that turns dates with an offset into instants."""
    return ", ".join(
        render("instant.sql", column=column.name).strip()
        if column.type is Type.OFFSET_TIMESTAMP
        else column.name
        for column in dataset.columns
    )


def column_definitions(dataset: Dataset) -> str:
    """The column definitions of a table for `typed_columns`."""
    instants = {Type.OFFSET_TIMESTAMP: "timestamptz"}
    return ", ".join(f"{column.name} {(_TYPES | instants)[column.type]}" for column in dataset.columns)
