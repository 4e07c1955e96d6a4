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

_PART = 128 * 1024  # rows
_SEPARATOR, _NULL = "chr(31)", "chr(30)"  # control characters; no cleaned text has them


@dataclass(frozen=True)
class Newest:
    """The winners among `versions`: `index` and `hash` of each; `schema` are the stored columns.

    `duplicate` counts the rows with their winner's version and content, `stale` all other rows that lost.
    """

    versions: pa.Table
    won: pa.Table
    schema: pa.Schema
    stale: int
    duplicate: int

    def parts(self) -> Iterator[pa.Table]:
        """The winners, one row for each key, some at a time: all of them at once would be in memory twice."""
        for start in range(0, self.won.num_rows, _PART):
            part = self.won.slice(start, _PART)
            rows = self.versions.take(part.column("row_index"))
            yield rows.append_column(RECORD_HASH.name, part.column("hash")).cast(self.schema)

    @property
    def rows(self) -> pa.Table:
        """All winners."""
        return pa.concat_tables([self.schema.empty_table(), *self.parts()])


def newest(rows: pa.Table, dataset: Dataset) -> Newest:
    """The winners among rows of the dataset's columns; all rows of a key must be present."""
    with database() as sql:
        sql.register("versions", rows)
        won = sql.execute(_winners(dataset)).to_arrow_table()
    duplicate = (pc.sum(won.column("alike")).as_py() or 0) - won.num_rows
    stale = rows.num_rows - won.num_rows - duplicate
    return Newest(rows, won, arrow_schema(dataset.stored_columns), stale=stale, duplicate=duplicate)


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
    target.write_parquet(f"{PART}{partition_key:05d}.parquet", won.schema, won.parts())
    return WinnersTally(staged=won.won.num_rows, stale=won.stale, duplicate=won.duplicate)


def write_no_winners(dataset: Dataset, target: Folder) -> None:
    """Write a file without rows: Redshift's COPY of an empty folder fails."""
    target.write_parquet(f"{PART}00000.parquet", arrow_schema(dataset.stored_columns), [])


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
