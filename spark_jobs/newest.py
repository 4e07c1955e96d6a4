"""Finds the winning version of each record: the greatest (record_create_timestamp, record_hash) of its key."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from catalog import RECORD_HASH, VERSION, Column, Dataset, Type
from contract.keys import PART
from spark_jobs.accounting import TALLY, WinnersTally
from spark_jobs.packing import database, unpacked
from spark_jobs.rules.in_sql import name
from spark_jobs.schema import arrow_schema
from spark_jobs.storage import Folder

_SEPARATOR, _NULL = "chr(31)", "chr(30)"  # control characters; no cleaned text has them


@dataclass(frozen=True)
class Newest:
    """`rows`: one per key, with the dataset's stored columns.

    `duplicate` counts the rows with their winner's version and content, `stale` all other rows that lost.
    """

    rows: pa.Table
    stale: int
    duplicate: int


def newest(rows: pa.Table, dataset: Dataset) -> Newest:
    """The winners among rows of the dataset's columns; all rows of a key must be present."""
    with database() as sql:
        sql.register("versions", rows)
        won = sql.execute(_winners(dataset)).to_arrow_table()
    winners = rows.take(won.column("row_index")).append_column(RECORD_HASH.name, won.column("hash"))
    duplicate = (pc.sum(won.column("alike")).as_py() or 0) - won.num_rows
    winners = winners.cast(arrow_schema(dataset.stored_columns))
    return Newest(winners, stale=rows.num_rows - won.num_rows - duplicate, duplicate=duplicate)


def write_newest(
    batches: Iterable[pa.RecordBatch], *, dataset: Dataset, target: Folder
) -> Iterator[pa.RecordBatch]:
    """Write the winners among packed rows of whole groups of keys into a file of the target; a WinnersTally."""
    partition_key, rows = unpacked(batches, dataset)
    if partition_key is None:
        return
    tally = write_winners(rows, dataset, target, partition_key)
    yield pa.record_batch([[tally.to_json()]], names=[TALLY])


def write_winners(rows: pa.Table, dataset: Dataset, target: Folder, partition_key: int) -> WinnersTally:
    """Write the winners among rows of the dataset's columns into a file of the target."""
    won = newest(rows, dataset)
    target.write_parquet(f"{PART}{partition_key:05d}.parquet", won.rows)
    return WinnersTally(staged=won.rows.num_rows, stale=won.stale, duplicate=won.duplicate)


def no_winners(dataset: Dataset) -> pa.Table:
    """A table of the dataset's stored columns without rows."""
    return arrow_schema(dataset.stored_columns).empty_table()


def record_hashes(rows: pa.Table, dataset: Dataset) -> list[int]:
    """The hash of each of these rows, which have the dataset's columns."""
    with database() as sql:
        sql.register("versions", rows)
        return [found for (found,) in sql.execute(f"select {record_hash(dataset)} from versions").fetchall()]


def record_hash(dataset: Dataset) -> str:
    """SQL of a hash over every column: 63 bits of the MD5 of their texts, the same in every engine."""
    texts = (f"coalesce({_text(column)}, {_NULL})" for column in dataset.columns)
    # one bit goes: a BIGINT has a sign
    return f"(md5_number_lower(concat_ws({_SEPARATOR}, {', '.join(texts)})) >> 1)::bigint"


def _text(column: Column) -> str:
    if column.type in (Type.TIMESTAMP, Type.OFFSET_TIMESTAMP):
        return f"epoch_us({name(column.name)})::varchar"
    return f"{name(column.name)}::varchar"


def _winners(dataset: Dataset) -> str:
    """A query of `versions` for the winners: their index, their hash, and how many rows are the same."""
    key, version = name(dataset.key), name(VERSION.name)
    return f"""
        with numbered as (select *, row_number() over () - 1 as row_index from versions),
        last as (select {key} as k, max({version}) as v from numbered group by all),
        tied as (
            select k, row_index, {record_hash(dataset)} as hash from numbered join last on {key} = k and {version} = v
        ),
        contents as (select k, hash, min(row_index) as row_index, count(*) as alike from tied group by all)
        select max(hash) as hash, arg_max(row_index, hash) as row_index, arg_max(alike, hash) as alike
        from contents group by k order by 2
    """
