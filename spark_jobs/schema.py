"""The catalog as Spark types."""

from collections.abc import Iterable

from pyspark.sql.types import (
    BooleanType,
    DataType,
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from catalog import Column, Type

SPARK_TYPES: dict[Type, DataType] = {
    Type.BIGINT: LongType(),
    Type.INTEGER: IntegerType(),
    Type.RATING: DecimalType(3, 2),
    Type.BOOLEAN: BooleanType(),
    Type.TIMESTAMP: TimestampType(),
    Type.OFFSET_TIMESTAMP: TimestampType(),
    Type.TEXT: StringType(),
}


def struct_of(columns: Iterable[Column]) -> StructType:
    """The columns, in their order."""
    return StructType([StructField(column.name, SPARK_TYPES[column.type]) for column in columns])
