"""The steps of the job outside of the JVM, in Arrow and DuckDB: on whole files, and on whole groups of keys."""

from collections.abc import Sequence
from functools import partial
from itertools import count, takewhile
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from contract.keys import PART
from spark_jobs import newest
from spark_jobs.accounting import TALLY, WinnersTally
from spark_jobs.job import DatasetRun
from spark_jobs.packing import PACKED, PARTITION_KEY, ROWS, Packing, pack
from spark_jobs.reading import Source
from spark_jobs.storage import Folder, delete_folder
from spark_jobs.whole_files import Reader, bad_records, bad_schema, clean_files

_SEED = 42  # the seed of the hash that assigns Spark's rows to partitions


def cleaned(run: DatasetRun, sources: Sequence[Source], packing: Packing) -> DataFrame:
    """Good rows, packed, and a FileTally for each file, or for each part of a split file."""
    reader = Reader.of(run, sources)
    clean = partial(clean_files, reader=reader, packing=packing)
    return _tasks(run.spark, reader).mapInArrow(clean, from_arrow_schema(PACKED))


def rejected(run: DatasetRun, sources: Sequence[Source]) -> DataFrame:
    """The records that break a rule, in the form that `numbered_by_arrow` takes."""
    reader = Reader.of(run, sources)
    read = partial(bad_records, reader=reader)
    return _tasks(run.spark, reader).mapInArrow(read, from_arrow_schema(bad_schema(run.dataset)))


def _tasks(spark: SparkSession, reader: Reader) -> DataFrame:
    """The index of each of the reader's tasks, one row in one partition each."""
    return spark.range(0, len(reader.tasks), 1, len(reader.tasks))


def packed(rows: DataFrame, packing: Packing) -> DataFrame:
    """Rows of the dataset's typed columns, packed."""
    return rows.select(*packing.dataset.column_names).mapInArrow(
        partial(pack, packing=packing), from_arrow_schema(PACKED)
    )


def write_newest(run: DatasetRun, packed_rows: DataFrame, packing: Packing) -> list[WinnersTally]:
    """Write the winners among packed rows, one Parquet file for each group of keys; the counts.

    Afterwards there is at least one file, and no file of an earlier attempt.
    """
    folder = Folder.at(run.processed, run.spark)
    delete_folder(run.processed, run.spark)
    groups = (
        packed_rows.where(F.col(PARTITION_KEY).isNotNull())
        .repartition(len(packing.partition_keys), PARTITION_KEY)
        .select(PARTITION_KEY, ROWS)
    )
    write = partial(newest.write_newest, dataset=run.dataset, target=folder)
    told = groups.mapInArrow(write, f"`{TALLY}` string").collect()
    tallies = [WinnersTally.from_json(text) for (text,) in told]
    if not tallies:
        write_nothing(run)
    return tallies


def write_nothing(run: DatasetRun) -> None:
    """Write one file without rows: Redshift's COPY of an empty folder fails."""
    delete_folder(run.processed, run.spark)
    Folder.at(run.processed, run.spark).write_parquet(f"{PART}00000.parquet", newest.no_winners(run.dataset))


def packing_for(run: DatasetRun, groups: int) -> Packing:
    """Packing into `groups` groups of keys, with a partition key for each.

    The partition keys are chosen so that `repartition(groups, ...)` gives each its own partition.
    """
    jvm: Any = run.spark.sparkContext._jvm  # noqa: SLF001 (there is no public handle)
    spark_hash = jvm.org.apache.spark.sql.catalyst.expressions.Murmur3HashFunction.hash
    integer = jvm.org.apache.spark.sql.types.DataTypes.IntegerType
    first: dict[int, int] = {}
    for key in takewhile(lambda _: len(first) < groups, count()):
        first.setdefault(spark_hash(key, integer, _SEED) % groups, key)
    return Packing(run.dataset, tuple(first[partition] for partition in range(groups)))
