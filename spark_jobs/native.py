"""The steps of the job that run outside of the JVM: on whole files, and on whole groups of keys."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import count, takewhile
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from catalog import Dataset
from contract.keys import PART
from spark_jobs import newest
from spark_jobs.packing import BUCKET, PACKED, ROWS, pack
from spark_jobs.reading import Source
from spark_jobs.storage import Folder, delete_folder
from spark_jobs.tallies import TALLY, WinnersTally
from spark_jobs.whole_files import Reader, bad_records, bad_schema, clean_files

_SEED = 42  # with which Spark hashes a row to find its partition


def cleaned(
    spark: SparkSession, sources: Sequence[Source], dataset: Dataset, labels: Sequence[int], started: datetime
) -> DataFrame:
    """Good rows, packed, and a FileTally of each file (of each part, if it was cut)."""
    reader = Reader.of(sources, dataset, spark)
    clean = partial(clean_files, reader=reader, labels=labels, started=started)
    return _tasks(spark, reader).mapInArrow(clean, from_arrow_schema(PACKED))


def rejected(
    spark: SparkSession, sources: Sequence[Source], dataset: Dataset, started: datetime
) -> DataFrame:
    """The records that break a rule, as `numbered_natively` takes them."""
    reader = Reader.of(sources, dataset, spark)
    read = partial(bad_records, reader=reader, started=started)
    return _tasks(spark, reader).mapInArrow(read, from_arrow_schema(bad_schema(dataset)))


def _tasks(spark: SparkSession, reader: Reader) -> DataFrame:
    """A row for each of the reader's tasks, its place, in a partition of its own."""
    return spark.range(0, len(reader.tasks), 1, len(reader.tasks))


def packed(rows: DataFrame, dataset: Dataset, labels: Sequence[int]) -> DataFrame:
    """Rows of the dataset's typed columns, packed."""
    return rows.select(*dataset.column_names).mapInArrow(
        partial(pack, dataset=dataset, labels=labels), from_arrow_schema(PACKED)
    )


def write_newest(
    packed_rows: DataFrame, dataset: Dataset, labels: Sequence[int], target: str
) -> list[WinnersTally]:
    """Write the winners among packed rows, one Parquet file for each group of keys; what was counted.

    There is always a file, and no file of an earlier attempt.
    """
    spark = packed_rows.sparkSession
    folder = Folder.at(target, spark)
    delete_folder(target, spark)
    groups = (
        packed_rows.where(F.col(BUCKET).isNotNull()).repartition(len(labels), BUCKET).select(BUCKET, ROWS)
    )
    write = partial(newest.write_newest, dataset=dataset, target=folder)
    told = groups.mapInArrow(write, f"`{TALLY}` string").collect()
    found = [WinnersTally.from_json(text) for (text,) in told]
    if not found:
        write_nothing(spark, dataset, target)
    return found


def write_nothing(spark: SparkSession, dataset: Dataset, target: str) -> None:
    """Write one file without rows: Redshift's COPY of an empty folder fails."""
    delete_folder(target, spark)
    Folder.at(target, spark).write_parquet(f"{PART}00000.parquet", newest.no_winners(dataset))


def labels_of(spark: SparkSession, groups: int) -> list[int]:
    """A number for each group of keys, chosen so that `repartition(groups, ...)` gives each its own partition."""
    jvm: Any = spark.sparkContext._jvm  # noqa: SLF001 (there is no public handle)
    spark_hash = jvm.org.apache.spark.sql.catalyst.expressions.Murmur3HashFunction.hash
    integer = jvm.org.apache.spark.sql.types.DataTypes.IntegerType
    first: dict[int, int] = {}
    for label in takewhile(lambda _: len(first) < groups, count()):
        first.setdefault(spark_hash(label, integer, _SEED) % groups, label)
    return [first[partition] for partition in range(groups)]
