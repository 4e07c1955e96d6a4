"""The steps of the job that run outside of the JVM: on whole files, and on whole groups of keys."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial, reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from catalog import Dataset
from spark_jobs import newest
from spark_jobs.packing import BUCKET, PACKED, ROWS, pack
from spark_jobs.quarantine import FILE
from spark_jobs.reading import NUMBER, Source, number
from spark_jobs.storage import Folder, delete_folder
from spark_jobs.tallies import TALLY, WinnersTally
from spark_jobs.whole_files import LAYOUT, Reader, bad_records, bad_schema, clean_files


def files_of(spark: SparkSession, sources: Sequence[Source]) -> DataFrame:
    """One row per file: its NUMBER, which of the sources it is of, and FILE."""
    return reduce(
        DataFrame.union,
        [
            spark.read.format("binaryFile")
            .load(source.paths, recursiveFileLookup=True)
            .select(
                number().alias(NUMBER),
                F.lit(index).alias(LAYOUT),
                F.col("_metadata.file_path").alias(FILE),
            )
            for index, source in enumerate(sources)
        ],
    )


def cleaned(
    files: DataFrame, sources: Sequence[Source], dataset: Dataset, labels: Sequence[int], started: datetime
) -> DataFrame:
    """Of the rows of `files_of`: good rows, packed, and a FileTally of each file (of each part, if it was cut)."""
    reader = Reader.of(sources, dataset, files.sparkSession)
    return files.mapInArrow(
        partial(clean_files, reader=reader, labels=labels, started=started), from_arrow_schema(PACKED)
    )


def rejected(files: DataFrame, sources: Sequence[Source], dataset: Dataset, started: datetime) -> DataFrame:
    """Of the rows of `files_of`: the records that break a rule, as `numbered_natively` takes them."""
    reader = Reader.of(sources, dataset, files.sparkSession)
    schema = from_arrow_schema(bad_schema(dataset))
    return files.mapInArrow(partial(bad_records, reader=reader, started=started), schema)


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
    Folder.at(target, spark).write_parquet("part-00000.parquet", newest.no_winners(dataset))


def labels_of(spark: SparkSession, groups: int) -> list[int]:
    """A number for each group of keys, chosen so that `repartition(groups, ...)` gives each its own partition."""
    if groups == 1:
        return [0]
    # among so many numbers one for each partition is found: any is missed with a chance of e**-40
    tried = F.sequence(F.lit(0), F.lit(40 * groups))
    partitions = F.transform(tried, lambda label: F.pmod(F.hash(label), F.lit(groups)))
    ((hit,),) = spark.range(1).select(partitions).collect()
    first = {partition: label for label, partition in reversed(list(enumerate(hit)))}
    return [first[partition] for partition in range(groups)]
