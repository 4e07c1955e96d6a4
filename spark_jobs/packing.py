"""Packs rows for a shuffle: one Arrow table for each group of keys, as bytes that Spark only carries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from pyarrow import ipc

from catalog import Dataset
from spark_jobs.accounting import TALLY, Tally
from spark_jobs.schema import arrow_schema

PARTITION_KEY, ROWS = ":partition_key", ":rows"
"""Columns of packed rows: the partition key of a group of keys, and the group's Arrow table. Some rows have only a TALLY."""

PACKED = pa.schema([(PARTITION_KEY, pa.int32()), (ROWS, pa.binary()), (TALLY, pa.string())])

COMPRESSED = ipc.IpcWriteOptions(compression="lz4")
"""Of rows on their way to another task, or to the disk: there are fewer bytes to write and to read."""

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: neighbouring keys get distant values


@dataclass(frozen=True)
class Packing:
    """How rows of a dataset are packed: one group of keys for each partition key."""

    dataset: Dataset
    partition_keys: tuple[int, ...]


def database() -> duckdb.DuckDBPyConnection:
    """DuckDB in UTC, on one thread and with bounded memory: Spark already runs a task on each core."""
    connection = duckdb.connect()
    connection.execute("set threads = 1; set memory_limit = '1GB'; set timezone = 'UTC'")
    pa.set_cpu_count(1)
    return connection


def packed_rows(rows: pa.Table, packing: Packing) -> Iterator[pa.RecordBatch]:
    """Rows of the dataset's columns as one batch: a packed row for each group of keys that occurs."""
    if not rows.num_rows:
        return
    groups = list(in_groups(rows, packing.dataset, len(packing.partition_keys)))
    partition_keys = [packing.partition_keys[group] for group, _ in groups]
    packed = [_written(of_group) for _, of_group in groups]
    yield pa.record_batch([partition_keys, packed, [None] * len(groups)], schema=PACKED)


def in_groups(rows: pa.Table, dataset: Dataset, groups: int) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each group of keys that occurs, of `groups` groups. A key is in the same group whatever the rows are."""
    keys = rows.column(dataset.key).to_numpy().astype(np.uint64)
    group = ((keys * _ODD) >> np.uint64(32)) % np.uint64(groups)
    order = np.argsort(group, kind="stable")
    in_order = rows.take(pa.array(order)).combine_chunks()
    present, starts = np.unique(group[order], return_index=True)
    lengths = np.diff([*starts, len(order)])
    for number, start, length in zip(present.tolist(), starts, lengths, strict=True):
        yield number, in_order.slice(start, length)


def packed_tallies(tallies: Sequence[Tally]) -> pa.RecordBatch:
    nothing = [None] * len(tallies)
    return pa.record_batch([nothing, nothing, [tally.to_json() for tally in tallies]], schema=PACKED)


def unpacked(batches: Iterable[pa.RecordBatch], dataset: Dataset) -> tuple[int | None, pa.Table]:
    """All packed rows together, and their smallest partition key; None without rows."""
    schema = arrow_schema(dataset.columns)
    partition_keys, tables = [], [schema.empty_table()]
    for batch in batches:
        partition_keys += batch.column(0).to_pylist()
        tables += [ipc.open_stream(rows.as_buffer()).read_all().cast(schema) for rows in batch.column(1)]
    return min(partition_keys, default=None), pa.concat_tables(tables)


def _written(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, rows.schema, options=COMPRESSED) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())
