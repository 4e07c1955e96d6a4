"""Rows on their way through a shuffle: none is lost, and all of a key go the same way."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import AUTHORS
from spark_jobs.accounting import TALLY, RangeTally
from spark_jobs.packing import (
    PARTITION_KEY,
    ROWS,
    Packing,
    packed_rows,
    packed_tallies,
    unpacked,
)
from spark_jobs.schema import arrow_schema

INSTANT = datetime(2020, 2, 19, 21, 38, 16, 690535, tzinfo=UTC)


def authors(*keys: int) -> pa.Table:
    rows = [
        {
            "author_id": key,
            "name": f"é{index}" if index % 2 else None,
            "average_rating": Decimal("4.05"),
            "record_create_timestamp": INSTANT,
        }
        for index, key in enumerate(keys)
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema(AUTHORS.columns))


def packing(*partition_keys: int) -> Packing:
    return Packing(AUTHORS, partition_keys)


def by_partition_key(batches: Sequence[pa.RecordBatch]) -> dict[int, pa.Table]:
    """What arrives at the task of each partition key, which gets no tallies."""
    groups: dict[int, list[pa.RecordBatch]] = {}
    for batch in batches:
        for index, partition_key in enumerate(batch.column(PARTITION_KEY).to_pylist()):
            groups.setdefault(partition_key, []).append(batch.slice(index, 1).select([PARTITION_KEY, ROWS]))
    arrived = {}
    for partition_key, group in groups.items():
        told, rows = unpacked(group, AUTHORS)
        assert told == partition_key
        arrived[partition_key] = rows
    return arrived


keys = st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 9), max_size=30)


@pytest.mark.slow
@given(st.lists(keys, max_size=3), st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=5, unique=True))
def test_each_row_arrives_once_and_all_of_a_key_under_one_partition_key(
    parts: list[list[int]], partition_keys: list[int]
) -> None:
    tables = [authors(*part) for part in parts]
    packed = [batch for table in tables for batch in packed_rows(table, packing(*partition_keys))]

    arrived = by_partition_key(packed)

    def counted(tables: Sequence[pa.Table]) -> Counter[tuple[object, ...]]:
        return Counter(tuple(row.values()) for table in tables for row in table.to_pylist())

    assert counted(list(arrived.values())) == counted(tables)
    assert arrived.keys() <= set(partition_keys)
    homes = {(key, home) for home, rows in arrived.items() for key in rows.column("author_id").to_pylist()}
    assert len(homes) == len({key for key, _ in homes})
    assert all(rows.num_rows for rows in arrived.values())


def test_rows_of_a_group_keep_their_order() -> None:
    rows = authors(7, 3, 7, 3, 7)

    (batch,) = packed_rows(rows, packing(4))

    assert unpacked([batch], AUTHORS) == (4, rows)


def test_neighbouring_keys_are_spread_evenly() -> None:
    arrived = by_partition_key(list(packed_rows(authors(*range(0, 16_000, 4)), packing(0, 1, 2, 3))))

    assert sum(rows.num_rows for rows in arrived.values()) == 4000
    assert all(900 < rows.num_rows < 1100 for rows in arrived.values())


def test_batches_of_spark_are_packed_as_tables_are() -> None:
    batch = authors(1, 2, 3).to_batches()[0]

    arrived = by_partition_key(
        [each for _ in range(2) for each in packed_rows(pa.Table.from_batches([batch]), packing(5))]
    )

    assert arrived == {5: pa.concat_tables([authors(1, 2, 3)] * 2)}


def test_no_rows_are_no_batch_and_none_that_arrive_are_an_empty_table() -> None:
    empty = arrow_schema(AUTHORS.columns).empty_table()

    assert list(packed_rows(empty, packing(1))) == []
    assert unpacked([], AUTHORS) == (None, empty)


def test_a_tally_travels_without_rows() -> None:
    tally = RangeTally(range=3, read=5, bad=2, older=1)

    batch = packed_tallies([tally])

    assert batch.schema == next(packed_rows(authors(1), packing(0))).schema
    assert batch.select([PARTITION_KEY, ROWS]).to_pylist() == [{PARTITION_KEY: None, ROWS: None}]
    assert batch.column(TALLY).to_pylist() == [tally.to_json()]


def test_packed_rows_are_compressed_because_spark_is_told_not_to() -> None:
    rows = authors(*[7] * 5000)

    (batch,) = packed_rows(rows, packing(0))

    assert len(batch.column(1)[0].as_buffer()) < rows.nbytes / 2
