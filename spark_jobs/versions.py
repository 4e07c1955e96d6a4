"""Which version of a record wins: the greatest (record_create_timestamp, record_hash) of its key."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from catalog import RECORD_HASH, VERSION, Dataset

_ROW = ":row"
_RANK = ":rank"


def record_hash(dataset: Dataset) -> Column:
    """64-bit hash over every typed column of a row."""
    values = [F.col(name) for name in dataset.column_names]
    # xxhash64 skips NULLs: without the flags (NULL, "a") and ("a", NULL) would be the same record
    return F.xxhash64(*values, *(value.isNull() for value in values))


def rank_versions(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """The dataset's stored columns, and each row's place among the versions of its key."""
    newest_first = Window.partitionBy(dataset.key).orderBy(
        F.col(VERSION.name).desc(), F.col(RECORD_HASH.name).desc()
    )
    hashed = rows.select(*dataset.column_names, record_hash(dataset).alias(RECORD_HASH.name))
    return hashed.select(
        "*", F.row_number().over(newest_first).alias(_ROW), F.rank().over(newest_first).alias(_RANK)
    )


def is_winner() -> Column:
    return F.col(_ROW) == 1


def is_duplicate() -> Column:
    """Same version and content as the winner."""
    return (F.col(_ROW) > 1) & (F.col(_RANK) == 1)


def is_stale() -> Column:
    """Older than the winner, or as old and of smaller hash."""
    return F.col(_RANK) > 1


def winners(ranked: DataFrame, dataset: Dataset) -> DataFrame:
    """One row per key: the dataset's stored columns."""
    return ranked.where(is_winner()).select(*(column.name for column in dataset.stored_columns))
