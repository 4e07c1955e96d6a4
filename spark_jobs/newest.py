"""Finds the winning version of each record: the greatest (record_create_timestamp, record_hash) of its key."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

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
    """The winners among `versions`: the indexes of their rows, in order, and the hash of each; `schema` are the stored columns.

    `duplicate` counts the rows with their winner's version and content, `stale` all other rows that lost.
    """

    versions: pa.Table
    index: np.ndarray
    hashes: np.ndarray
    schema: pa.Schema
    stale: int
    duplicate: int

    def parts(self) -> Iterator[pa.Table]:
        """The winners, one row for each key, some at a time: all of them at once would be in memory twice."""
        waiting: list[pa.Table] = []
        for rows in self._slices():
            waiting.append(rows)
            if sum(table.num_rows for table in waiting) >= _PART:
                yield pa.concat_tables(waiting)
                waiting = []
        if waiting:
            yield pa.concat_tables(waiting)

    def _slices(self) -> Iterator[pa.Table]:
        """The winners of each batch of the versions, cut into parts: rows of several batches at once would copy all batches."""
        start = 0
        for batch in self.versions.to_batches():
            first, last = np.searchsorted(self.index, [start, start + batch.num_rows])
            for begin in range(first, last, _PART):
                end = min(begin + _PART, last)
                rows = pa.Table.from_batches([batch.take(pa.array(self.index[begin:end] - start))])
                yield rows.append_column(RECORD_HASH.name, pa.array(self.hashes[begin:end])).cast(self.schema)
            start += batch.num_rows

    @property
    def rows(self) -> pa.Table:
        """All winners."""
        return pa.concat_tables([self.schema.empty_table(), *self.parts()])


def newest(rows: pa.Table, dataset: Dataset) -> Newest:
    """The winners among rows of the dataset's columns; all rows of a key must be present."""
    last = are_last(rows, dataset)
    index, hashes = np.flatnonzero(last), record_hashes(rows, dataset, last)
    keys = rows.column(dataset.key).to_numpy()[index]
    order = np.lexsort((index, hashes, keys))
    contents = _starts(keys[order], hashes[order])  # of the same key
    winning = _ends(keys[order][contents])  # the last content of a key has its greatest hash
    won = order[contents[winning]]  # and of the same contents the first row
    alike = np.diff(contents, append=len(order))[winning]
    won = won[np.argsort(index[won])]
    duplicate = int(alike.sum()) - len(won)
    return Newest(
        rows,
        index[won],
        hashes[won],
        arrow_schema(dataset.stored_columns),
        stale=rows.num_rows - len(won) - duplicate,
        duplicate=duplicate,
    )


def are_last(rows: pa.Table, dataset: Dataset) -> np.ndarray:
    """Whether each row has the greatest version of its key: an array of bool. Of no key and no version is NULL."""
    keys = rows.column(dataset.key).to_numpy()
    versions = rows.column(VERSION.name).cast(pa.int64()).to_numpy()
    order = np.argsort(keys, kind="stable")
    starts = _starts(keys[order])
    found = np.ones(len(keys), bool)
    if len(starts) < len(keys):
        greatest = np.maximum.reduceat(versions[order], starts)
        found[order] = versions[order] == np.repeat(greatest, np.diff(starts, append=len(keys)))
    return found


def _starts(*columns: np.ndarray) -> np.ndarray:
    """Where each run of equal values begins."""
    first = [np.append(True, column[1:] != column[:-1])[: len(column)] for column in columns]
    return np.flatnonzero(np.logical_or.reduce(first))


def _ends(values: np.ndarray) -> np.ndarray:
    """The index of the last value of each run of equal values."""
    return np.append(_starts(values)[1:], len(values))[: len(values)] - 1


def write_newest(
    batches: Iterable[pa.RecordBatch], *, dataset: Dataset, target: Folder
) -> Iterator[pa.RecordBatch]:
    """Write the winners among packed rows of whole groups of keys into a file of the target; a WinnersTally."""
    partition_key, rows = unpacked(batches, dataset)
    if partition_key is None:
        return
    tally = write_winners(rows, dataset, target, partition_key)
    yield pa.record_batch([[tally.to_json()]], names=[TALLY])


def write_winners(rows: pa.Table, dataset: Dataset, target: Folder, number: int) -> WinnersTally:
    """Write the winners among rows of the dataset's columns into a file of the target."""
    won = newest(rows, dataset)
    target.write_parquet(f"{PART}{number:05d}.parquet", won.schema, won.parts())
    return WinnersTally(staged=len(won.index), stale=won.stale, duplicate=won.duplicate)


def write_no_winners(dataset: Dataset, target: Folder) -> None:
    """Write a file without rows: Redshift's COPY of an empty folder fails."""
    target.write_parquet(f"{PART}00000.parquet", arrow_schema(dataset.stored_columns), [])


def record_hashes(rows: pa.Table, dataset: Dataset, wanted: np.ndarray | None = None) -> np.ndarray:
    """The hash of each of these rows, which have the dataset's columns; or only of the `wanted` ones, an array of bool."""
    found, start = [np.empty(0, np.int64)], 0
    with database() as sql:
        for batch in rows.to_batches():  # without a copy of all rows
            mask = None if wanted is None else wanted[start : start + batch.num_rows]
            start += batch.num_rows
            kept = batch if mask is None or mask.all() else batch.filter(pa.array(mask))
            sql.register("versions", pa.Table.from_batches([kept]))
            hashes = sql.execute(f"select {record_hash(dataset)} as hash from versions").to_arrow_table()
            found.append(hashes.column(0).to_numpy())
    return np.concatenate(found)


def record_hash(dataset: Dataset) -> str:
    """SQL of a hash over every column: 63 bits of the MD5 of their texts, the same in every engine."""
    texts = (f"coalesce({_text(column)}, {_NULL})" for column in dataset.columns)
    # one bit goes: a BIGINT has a sign
    return f"(md5_number_lower(concat_ws({_SEPARATOR}, {', '.join(texts)})) >> 1)::bigint"


def _text(column: Column) -> str:
    if column.type in (Type.TIMESTAMP, Type.OFFSET_TIMESTAMP):
        return f"epoch_us({name(column.name)})::varchar"
    return f"{name(column.name)}::varchar"
