"""Rows on their way through a shuffle: Arrow tables, one for each group of keys, as bytes that Spark has only to carry."""

from collections.abc import Iterable, Iterator, Sequence

import duckdb
import numpy as np
import pyarrow as pa
from pyarrow import ipc

from catalog import Column, Dataset, Type
from spark_jobs.tallies import TALLY, Tally

BUCKET, ROWS = ":bucket", ":rows"
"""Columns of packed rows: the label of a group of keys, and their Arrow table. There are rows with a TALLY only."""

PACKED = pa.schema([(BUCKET, pa.int32()), (ROWS, pa.binary()), (TALLY, pa.string())])

_ARROW_TYPES: dict[Type, pa.DataType] = {
    Type.BIGINT: pa.int64(),
    Type.INTEGER: pa.int32(),
    Type.RATING: pa.decimal128(3, 2),
    Type.BOOLEAN: pa.bool_(),
    Type.TIMESTAMP: pa.timestamp("us", "UTC"),
    Type.OFFSET_TIMESTAMP: pa.timestamp("us", "UTC"),
    Type.TEXT: pa.string(),
}
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: neighbouring keys end far from each other


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    return pa.schema([(column.name, _ARROW_TYPES[column.type]) for column in columns])


def database() -> duckdb.DuckDBPyConnection:
    """DuckDB in UTC, on one thread and within bounds: Spark already runs a task on each core."""
    connection = duckdb.connect()
    connection.execute("set threads = 1; set memory_limit = '1GB'; set timezone = 'UTC'")
    pa.set_cpu_count(1)
    return connection


def pack(
    batches: Iterable[pa.RecordBatch], *, dataset: Dataset, labels: Sequence[int]
) -> Iterator[pa.RecordBatch]:
    """Rows of the dataset's columns, packed batch by batch."""
    for batch in batches:
        yield from packed_rows(pa.Table.from_batches([batch]), dataset, labels)


def packed_rows(rows: pa.Table, dataset: Dataset, labels: Sequence[int]) -> Iterator[pa.RecordBatch]:
    """Rows of the dataset's columns, in one batch: a packed row for each label's group of keys that any of them is in."""
    if not rows.num_rows:
        return
    keys = rows.column(dataset.key).to_numpy().astype(np.uint64)
    groups = ((keys * _ODD) >> np.uint64(32)) % np.uint64(len(labels))
    order = np.argsort(groups, kind="stable")
    in_order = rows.take(pa.array(order)).combine_chunks()
    found, starts = np.unique(groups[order], return_index=True)
    lengths = np.diff([*starts, len(order)])
    packed = [_written(in_order.slice(*place)) for place in zip(starts, lengths, strict=True)]
    yield pa.record_batch([[labels[group] for group in found], packed, [None] * len(found)], schema=PACKED)


def packed_tally(tally: Tally) -> pa.RecordBatch:
    return pa.record_batch([[None], [None], [tally.to_json()]], schema=PACKED)


def unpacked(batches: Iterable[pa.RecordBatch], dataset: Dataset) -> tuple[int | None, pa.Table]:
    """All rows of BUCKET and ROWS, and the least label among them; None if there are none."""
    schema = arrow_schema(dataset.columns)
    labels, tables = [], [schema.empty_table()]
    for batch in batches:
        labels += batch.column(0).to_pylist()
        tables += [ipc.open_stream(rows.as_buffer()).read_all().cast(schema) for rows in batch.column(1)]
    return min(labels, default=None), pa.concat_tables(tables)


def _written(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    # compressed here, the bytes that Spark carries from task to task are fewer twice over
    with ipc.new_stream(sink, rows.schema, options=ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())
