"""Rows on their way through a shuffle: none is lost, and all of a key go the same way."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from catalog import AUTHORS
from spark_jobs.packing import BUCKET, ROWS, arrow_schema, pack, packed_rows, packed_tally, unpacked
from spark_jobs.tallies import TALLY, FileTally

INSTANT = datetime(2020, 2, 19, 21, 38, 16, 690535, tzinfo=UTC)


def authors(*keys: int) -> pa.Table:
    rows = [
        {
            "author_id": key,
            "name": f"é{place}" if place % 2 else None,
            "average_rating": Decimal("4.05"),
            "record_create_timestamp": INSTANT,
        }
        for place, key in enumerate(keys)
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema(AUTHORS.columns))


def by_label(batches: Sequence[pa.RecordBatch]) -> dict[int, pa.Table]:
    """What arrives at each label's task, which gets no tallies."""
    groups: dict[int, list[pa.RecordBatch]] = {}
    for batch in batches:
        for place, label in enumerate(batch.column(BUCKET).to_pylist()):
            groups.setdefault(label, []).append(batch.slice(place, 1).select([BUCKET, ROWS]))
    found = {}
    for label, group in groups.items():
        told, rows = unpacked(group, AUTHORS)
        assert told == label
        found[label] = rows
    return found


keys = st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 9), max_size=30)


@given(st.lists(keys, max_size=3), st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=5, unique=True))
def test_each_row_arrives_once_and_all_of_a_key_under_one_label(
    parts: list[list[int]], labels: list[int]
) -> None:
    tables = [authors(*part) for part in parts]
    packed = [batch for table in tables for batch in packed_rows(table, AUTHORS, labels)]

    found = by_label(packed)

    def counted(arrived: Sequence[pa.Table]) -> Counter[tuple[object, ...]]:
        return Counter(tuple(row.values()) for table in arrived for row in table.to_pylist())

    assert counted(list(found.values())) == counted(tables)
    assert found.keys() <= set(labels)
    homes = {(key, label) for label, rows in found.items() for key in rows.column("author_id").to_pylist()}
    assert len(homes) == len({key for key, _ in homes})
    assert all(rows.num_rows for rows in found.values())


def test_rows_of_a_group_keep_their_order() -> None:
    rows = authors(7, 3, 7, 3, 7)

    (batch,) = packed_rows(rows, AUTHORS, [4])

    assert unpacked([batch], AUTHORS) == (4, rows)


def test_neighbouring_keys_are_spread_evenly() -> None:
    found = by_label(list(packed_rows(authors(*range(0, 16_000, 4)), AUTHORS, [0, 1, 2, 3])))

    assert sum(rows.num_rows for rows in found.values()) == 4000
    assert all(900 < rows.num_rows < 1100 for rows in found.values())


def test_batches_of_spark_are_packed_as_tables_are() -> None:
    batch = authors(1, 2, 3).to_batches()[0]

    found = by_label(list(pack([batch, batch], dataset=AUTHORS, labels=[5])))

    assert found == {5: pa.concat_tables([authors(1, 2, 3)] * 2)}


def test_no_rows_are_no_batch_and_none_that_arrive_are_an_empty_table() -> None:
    empty = arrow_schema(AUTHORS.columns).empty_table()

    assert list(packed_rows(empty, AUTHORS, [1])) == []
    assert unpacked([], AUTHORS) == (None, empty)


def test_a_tally_travels_without_rows() -> None:
    tally = FileTally(number=3, read=5, bad=2, older=1)

    batch = packed_tally(tally)

    assert batch.schema == next(packed_rows(authors(1), AUTHORS, [0])).schema
    assert batch.select([BUCKET, ROWS]).to_pylist() == [{BUCKET: None, ROWS: None}]
    assert batch.column(TALLY).to_pylist() == [tally.to_json()]


def test_packed_rows_are_compressed_because_spark_is_told_not_to() -> None:
    rows = authors(*[7] * 5000)

    (batch,) = packed_rows(rows, AUTHORS, [0])

    assert len(batch.column(1)[0].as_buffer()) < rows.nbytes / 2
