"""A result set in the Data API's shape."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_cloud.redshift.errors import SqlError

# bytes; Redshift Management Guide, "Troubleshooting issues for Amazon Redshift Data API"
_LARGEST_RESULT = 500 * 1024 * 1024
_LARGEST_ROW = 64 * 1024
_FIXED = 8  # bytes of a value that is no text
_BATCH_ROWS = 10_000

# DuckDB type (without its parameters) -> Redshift type
_TYPE_NAMES = {
    "BIGINT": "int8",
    "BOOLEAN": "bool",
    "DATE": "date",
    "DECIMAL": "numeric",
    "DOUBLE": "float8",
    "FLOAT": "float4",
    "HUGEINT": "numeric",
    "INTEGER": "int4",
    "SMALLINT": "int2",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "VARCHAR": "varchar",
}
_SIGNED = {"int2", "int4", "int8", "numeric", "float4", "float8"}


@dataclass(frozen=True)
class ResultSet:
    """All rows of a query, in memory, column by column."""

    metadata: list[dict[str, Any]]
    table: pa.Table

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return int(self.table.nbytes)

    def records(self, start: int, number: int) -> list[list[dict[str, Any]]]:
        """At most `number` rows from row `start` (0-based) as lists of fields."""
        part = self.table.slice(start, number)
        columns = [[_field(value) for value in column.to_pylist()] for column in part.columns]
        return [list(row) for row in zip(*columns, strict=True)]


def fetch(connection: duckdb.DuckDBPyConnection) -> ResultSet:
    """The result of the query just executed; SqlError if it, or a row of it, is larger than the Data API allows."""
    metadata = [_metadata(name, str(type_)) for name, type_, *_ in connection.description]
    reader = connection.to_arrow_reader(_BATCH_ROWS)
    batches, size = [], 0
    for batch in reader:
        batches.append(batch)
        size += batch.nbytes
        if size > _LARGEST_RESULT:
            raise SqlError(
                f"Database response exceeded size limit: the result is larger than {_LARGEST_RESULT} bytes; "
                "select less, or write it to a table"
            )
        if (row := _longest_row(batch)) > _LARGEST_ROW:
            raise SqlError(
                f"Packet for query is too large: a row of the result has {row} bytes, the Data API takes {_LARGEST_ROW}; "
                "select fewer or shorter columns, or write the result to a table"
            )
    return ResultSet(metadata, pa.Table.from_batches(batches, reader.schema))


def _longest_row(batch: pa.RecordBatch) -> int:
    """The bytes of the longest row."""
    lengths = np.zeros(batch.num_rows, dtype=np.int64)
    for column in batch.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            lengths += pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
        else:
            lengths += _FIXED
    return int(lengths.max(initial=0))


def _metadata(name: str, duckdb_type: str) -> dict[str, Any]:
    base, _, parameters = duckdb_type.partition("(")
    precision, scale = (int(n) for n in parameters.rstrip(")").split(",")) if base == "DECIMAL" else (0, 0)
    type_name = _TYPE_NAMES.get(base, "varchar")
    return {
        "isCaseSensitive": type_name == "varchar",
        "isCurrency": False,
        "isSigned": type_name in _SIGNED,
        "label": name.lower(),
        "length": 0,
        "name": name.lower(),
        "nullable": 1,
        "precision": precision,
        "scale": scale,
        "schemaName": "",
        "tableName": "",
        "typeName": type_name,
    }


_FIELDS: dict[type, Callable[[Any], dict[str, Any]]] = {
    bool: lambda value: {"booleanValue": value},
    date: lambda value: {"stringValue": value.isoformat()},
    datetime: lambda value: {"stringValue": value.isoformat(sep=" ")},
    Decimal: lambda value: {"stringValue": format(value, "f")},
    float: lambda value: {"doubleValue": value},
    int: lambda value: {"longValue": value},
    type(None): lambda _: {"isNull": True},
}


def _field(value: Any) -> dict[str, Any]:
    make = _FIELDS.get(type(value))
    return make(value) if make else {"stringValue": str(value)}
