"""The transform as the original pipeline goes about it, in PySpark.

The schema is guessed in a pass of its own, dates go through a Python function, the newest time of each key is joined
back to all rows (so rows that tie are all kept), one dataset after the other, gzipped CSV comes out.

It departs from the original in what is needed to compare rows: quotes are read alike in all four datasets (one of its
readers had lost that), the date function takes gaps and keeps the offset, times are written to the microsecond.
"""

import sys
from datetime import datetime
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import TimestampType

from benchmarks.contestants import files_of
from catalog import DATASETS, VERSION, Dataset

_DATES = {"reviews": ("review_added_date", "review_updated_date")}


def parse_date(text: str | None) -> datetime | None:
    """`Wed Feb 19 18:36:17 -0800 2020` as an instant."""
    return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y") if text else None


def newest(spark: SparkSession, dataset: Dataset, files: list[Path]) -> DataFrame:
    """The rows of each key's newest time."""
    rows = spark.read.csv(
        [str(path) for path in files], header=True, inferSchema=True, multiLine=True, quote='"', escape='"'
    )
    to_instant = F.udf(parse_date, TimestampType())
    for name in _DATES.get(dataset.name, ()):
        rows = rows.withColumn(name, to_instant(name))
    latest = rows.groupBy(dataset.key).agg(F.max(VERSION.name).alias(VERSION.name))
    return rows.join(latest, [dataset.key, VERSION.name], "inner").select(*dataset.column_names)


def main(data: Path, target: Path) -> None:
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    for dataset in DATASETS:
        newest(spark, dataset, files_of(data, dataset)).repartition(10).write.csv(
            str(target / dataset.name),
            mode="overwrite",
            header=True,
            compression="gzip",
            quote='"',
            escape='"',
            timestampFormat="yyyy-MM-dd HH:mm:ss.SSSSSSXXX",
        )
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
