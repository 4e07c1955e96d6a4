"""The catalog as Spark types."""

from pyspark.sql.types import (
    BooleanType,
    DataType,
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
)

from catalog import Type

SPARK_TYPES: dict[Type, DataType] = {
    Type.BIGINT: LongType(),
    Type.INTEGER: IntegerType(),
    Type.RATING: DecimalType(3, 2),
    Type.BOOLEAN: BooleanType(),
    Type.TIMESTAMP: TimestampType(),
    Type.OFFSET_TIMESTAMP: TimestampType(),
    Type.TEXT: StringType(),
}
