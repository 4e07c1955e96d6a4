"""The steps of the job outside of the JVM, in Arrow and DuckDB: on byte ranges of files, and on whole groups of keys."""

from functools import partial
from itertools import count, takewhile
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from spark_jobs import newest
from spark_jobs.accounting import TALLY, WINNERS, RangeTally, WinnersTally
from spark_jobs.job import DatasetRun
from spark_jobs.packing import PACKED, PARTITION_KEY, ROWS, Packing
from spark_jobs.quarantine import REJECTS
from spark_jobs.storage import Folder, delete_folder
from spark_jobs.tasks import Reader, clean_ranges, rejects, write_newest_of_ranges

_SEED = 42  # the seed of the hash that assigns Spark's rows to partitions


def cleaned(run: DatasetRun, reader: Reader, packing: Packing) -> DataFrame:
    """Good rows, packed, and tallies of the reader's ranges."""
    clean = partial(clean_ranges, reader=reader, packing=packing)
    return _tasks(run.spark, reader).mapInArrow(clean, from_arrow_schema(PACKED))


def rejected(run: DatasetRun, reader: Reader) -> DataFrame:
    """The rejects to write; only ranges with rejects need to be among the reader's."""
    explain = partial(rejects, reader=reader, run_id=run.job.run_id)
    return _tasks(run.spark, reader).mapInArrow(explain, from_arrow_schema(REJECTS))


def _tasks(spark: SparkSession, reader: Reader) -> DataFrame:
    """The index of each of the reader's tasks, one row in one partition each."""
    return spark.range(0, len(reader.tasks), 1, len(reader.tasks))


def write_newest_in_one_task(run: DatasetRun, reader: Reader) -> tuple[list[RangeTally], list[WinnersTally]]:
    """Read, clean and reduce all files in the reader's only task, and write the winners; the counts."""
    delete_folder(run.processed, run.spark)
    write = partial(write_newest_of_ranges, reader=reader, target=Folder.at(run.processed, run.spark))
    told = _tasks(run.spark, reader).mapInArrow(write, f"`{TALLY}` string, `{WINNERS}` string").collect()
    of_ranges = [RangeTally.from_json(tally) for tally, _ in told if tally]
    return of_ranges, [WinnersTally.from_json(tally) for _, tally in told if tally]


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
    """Write one file without rows, and no other."""
    delete_folder(run.processed, run.spark)
    newest.write_no_winners(run.dataset, Folder.at(run.processed, run.spark))


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
