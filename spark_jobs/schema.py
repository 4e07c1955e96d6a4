"""The catalog as Spark types."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
)

from catalog import Dataset, Type

SPARK_TYPES: dict[Type, DataType] = {
    Type.BIGINT: LongType(),
    Type.INTEGER: IntegerType(),
    Type.RATING: DecimalType(3, 2),
    Type.BOOLEAN: BooleanType(),
    Type.TIMESTAMP: TimestampType(),
    Type.OFFSET_TIMESTAMP: TimestampType(),
    Type.TEXT: StringType(),
}


def no_rows(spark: SparkSession, dataset: Dataset) -> DataFrame:
    """A frame with the dataset's stored columns and no row."""
    # range(0) and not createDataFrame([]): the latter starts a Python worker
    return spark.range(0).select(
        *(F.lit(None).cast(SPARK_TYPES[column.type]).alias(column.name) for column in dataset.stored_columns)
    )
