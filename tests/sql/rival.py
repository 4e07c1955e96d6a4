"""The statements of the pipeline on PostgreSQL, which Redshift descends from and DuckDB does not.

Redshift's documentation lists what it has from PostgreSQL, and what it has made otherwise ("Amazon Redshift and PostgreSQL" in its
Database Developer Guide). What the two do not share is translated here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from psycopg.abc import Loader
from psycopg.types.datetime import TimestampLoader
from psycopg.types.string import TextLoader
from sqlglot import exp
from sqlglot.errors import ErrorLevel

from local_cloud.redshift.addresses import bucket_and_key, objects_below
from local_cloud.redshift.sql.parsing import parse
from tests.sql.postgres import postgres


class _Instant(TimestampLoader):
    """A timestamp as `Session` has it: with all six digits of its fraction, or with none."""

    def load(self, data: Any) -> Any:
        return super().load(data).isoformat(sep=" ")


_TEXTS: dict[str, type[Loader]] = {"date": TextLoader, "numeric": TextLoader, "timestamp": _Instant}
"""Types whose values are texts in the answers of the Data API."""

# Redshift's own view, on what PostgreSQL calls the same columns
_SVV_COLUMNS = "create view svv_columns as select * from information_schema.columns"


@dataclass(frozen=True)
class Rival:
    """Statements in, rows or errors out, as `Session` has it for the local engine; a batch is one transaction."""

    connection: "psycopg.Connection[tuple[Any, ...]]"
    buckets: Path

    def run(self, *statements: str, **parameters: str) -> None:
        """Run to the end, and commit."""
        with self.connection.transaction():
            for sql in statements:
                self._run(sql, parameters)

    def rows(self, sql: str, **parameters: str) -> list[tuple[Any, ...]]:
        """The values of all rows of a query."""
        return self._run(sql, parameters).fetchall()

    def error(self, *statements: str, **parameters: str) -> str:
        """The error of statements that must fail."""
        with pytest.raises(psycopg.Error) as raised:
            self.run(*statements, **parameters)
        return str(raised.value)

    def _run(self, sql: str, parameters: dict[str, str]) -> "psycopg.Cursor[tuple[Any, ...]]":
        cursor = self.connection.cursor()
        if isinstance(translated := _translated(sql), exp.Copy):
            self._copy(cursor, translated)
        else:
            # sqlglot writes a parameter as psycopg reads it; its value is a text of unknown type, as from the Data API
            cursor.execute(translated, parameters or None)
        return cursor

    def _copy(self, cursor: "psycopg.Cursor[tuple[Any, ...]]", copy: exp.Copy) -> None:
        """Redshift's COPY: the columns of Parquet files by position, or the lines of CSV files, into the listed columns."""
        bucket, prefix = bucket_and_key("COPY reads from", self.buckets, copy.args["files"][0].name)
        files = list(objects_below(bucket, prefix))
        assert files, f"no object at {prefix}"
        for file in files:
            csv = file.suffix == ".csv"
            load = f"copy {copy.this.sql('postgres')} from stdin{' (format csv)' if csv else ''}"
            with cursor.copy(load) as stream:
                if csv:
                    stream.write(file.read_bytes())
                else:
                    columns = (column.to_pylist() for column in pq.read_table(file).columns)
                    for row in zip(*columns, strict=True):
                        stream.write_row(row)


@contextmanager
def rival(buckets: Path) -> Iterator[Rival]:
    """A database without tables, on a server of its own."""
    with postgres() as server, psycopg.connect(server, autocommit=True) as connection:
        for kind, loader in _TEXTS.items():
            connection.adapters.register_loader(kind, loader)
        connection.execute("set timezone = 'UTC'")  # getdate() is in UTC
        connection.execute(_SVV_COLUMNS)
        yield Rival(connection, buckets)


@cache
def _translated(sql: str) -> str | exp.Copy:
    """PostgreSQL's SQL for a statement of the pipeline; a COPY as it is."""
    tree = parse(sql)
    assert tree is not None, f"the pipeline sends no {sql}"
    tree = tree.copy()
    if isinstance(tree, exp.Copy):
        return tree
    if isinstance(tree, exp.Lock):
        return f"lock table {', '.join(table.sql('postgres') for table in tree.expressions)}"
    if isinstance(tree, exp.Create):
        # DISTKEY, DISTSTYLE and SORTKEY say where rows are stored, which PostgreSQL's tables do not
        tree.set("properties", None)
    for now in list(tree.find_all(exp.CurrentTimestamp)):
        now.replace(
            exp.cast(exp.Anonymous(this="statement_timestamp"), "timestamp")
        )  # GETDATE answers a TIMESTAMP, PostgreSQL's name for it one with a time zone
    for within in list(tree.find_all(exp.WithinGroup)):
        if isinstance(listed := within.this, exp.GroupConcat):  # LISTAGG is STRING_AGG with the order inside
            ordered = exp.Order(
                this=listed.args["separator"].copy(), expressions=within.expression.expressions
            )
            within.replace(exp.Anonymous(this="string_agg", expressions=[listed.this.copy(), ordered]))
    for digest in tree.find_all(exp.SHA2):  # SHA2 of a text; PostgreSQL's functions take bytes
        digest.set(
            "this", exp.Anonymous(this="convert_to", expressions=[digest.this, exp.Literal.string("UTF8")])
        )
    return tree.sql("postgres", comments=False, unsupported_level=ErrorLevel.RAISE)
