"""The transform as PySpark's manual shows it: a schema, a window, Parquet; nothing is tuned and nothing is checked."""

import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
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

from benchmarks.contestants import files_of
from catalog import DATASETS, VERSION, Dataset, Type

_READ_AS: dict[Type, DataType] = {
    Type.BIGINT: LongType(),
    Type.INTEGER: IntegerType(),
    Type.RATING: DecimalType(3, 2),
    Type.BOOLEAN: BooleanType(),
    Type.TIMESTAMP: TimestampType(),
    Type.OFFSET_TIMESTAMP: StringType(),
    Type.TEXT: StringType(),
}
_WITHOUT_WEEKDAY = 5


def newest(spark: SparkSession, dataset: Dataset, files: list[Path]) -> DataFrame:
    """One row for each key: a row of its newest time."""
    schema = StructType([StructField(column.name, _READ_AS[column.type]) for column in dataset.columns])
    rows = spark.read.csv(
        [str(path) for path in files], schema=schema, header=True, multiLine=True, quote='"', escape='"'
    )
    for column in dataset.columns:
        if column.type is Type.OFFSET_TIMESTAMP:
            text = F.substring(column.name, _WITHOUT_WEEKDAY, 64)
            rows = rows.withColumn(column.name, F.to_timestamp(text, "MMM dd HH:mm:ss Z yyyy"))
    newest_first = Window.partitionBy(dataset.key).orderBy(F.col(VERSION.name).desc())
    ranked = rows.withColumn("rank", F.row_number().over(newest_first))
    return ranked.where(F.col("rank") == 1).drop("rank")


def main(data: Path, target: Path) -> None:
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    for dataset in DATASETS:
        rows = newest(spark, dataset, files_of(data, dataset))
        rows.write.parquet(str(target / dataset.name), mode="overwrite")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
