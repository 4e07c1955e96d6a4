"""The catalog as Arrow types."""

from collections.abc import Sequence

import pyarrow as pa

from catalog import Column, Type

_ARROW_TYPES: dict[Type, pa.DataType] = {
    Type.BIGINT: pa.int64(),
    Type.INTEGER: pa.int32(),
    Type.RATING: pa.decimal128(3, 2),
    Type.BOOLEAN: pa.bool_(),
    Type.TIMESTAMP: pa.timestamp("us", "UTC"),
    Type.OFFSET_TIMESTAMP: pa.timestamp("us", "UTC"),
    Type.TEXT: pa.string(),
}


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The columns, in their order."""
    return pa.schema([(column.name, _ARROW_TYPES[column.type]) for column in columns])
