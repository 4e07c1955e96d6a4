"""Which version of a record wins."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import DATASETS, RECORD_HASH, VERSION, Column, Dataset, Type
from spark_jobs.accounting import TALLY, WinnersTally
from spark_jobs.newest import newest, record_hash, write_newest
from spark_jobs.packing import Packing, database, packed_rows
from spark_jobs.schema import arrow_schema
from spark_jobs.storage import Folder

THINGS = Dataset(
    name="things",
    landing_name="thing",
    key="id",
    sort_key="id",
    columns=(
        Column(name="id", type=Type.BIGINT),
        Column(name="left", type=Type.TEXT, max_bytes=10),
        Column(name="right", type=Type.TEXT, max_bytes=10),
        VERSION,
    ),
)
Version = tuple[int, str | None, str | None, int]
"""key, left, right, second of the version"""


def table(versions: Sequence[Version]) -> pa.Table:
    rows = [
        (key, left, right, datetime(2020, 1, 1, 0, 0, second, tzinfo=UTC))
        for key, left, right, second in versions
    ]
    return pa.Table.from_pylist(
        [dict(zip(THINGS.column_names, row, strict=True)) for row in rows],
        schema=arrow_schema(THINGS.columns),
    )


def versions_of(rows: pa.Table) -> list[Version]:
    return [(row["id"], row["left"], row["right"], row[VERSION.name].second) for row in rows.to_pylist()]


def test_a_late_record_never_replaces_a_newer_one() -> None:
    won = newest(table([(1, "new", None, 9), (1, "old", None, 3), (2, "only", None, 1)]), THINGS)

    assert versions_of(won.rows) == [(1, "new", None, 9), (2, "only", None, 1)]
    assert (won.stale, won.duplicate) == (1, 0)


def test_only_a_repetition_of_the_winner_is_a_duplicate() -> None:
    won = newest(
        table([(1, "w", None, 9), (1, "w", None, 9), (1, "old", None, 3), (1, "old", None, 3)]), THINGS
    )

    assert versions_of(won.rows) == [(1, "w", None, 9)]
    assert (won.stale, won.duplicate) == (2, 1)


def test_a_tie_on_the_timestamp_goes_to_the_greatest_hash_whatever_the_order() -> None:
    tied: list[Version] = [(1, "a", "x", 5), (1, "b", "x", 5), (1, "c", "x", 5)]
    hashes = {text: _hash(THINGS, table([version])) for version in tied for text in [version[1]]}

    one_way, other_way = newest(table(tied), THINGS), newest(table(tied[::-1]), THINGS)

    assert one_way.rows == other_way.rows
    assert one_way.rows.column(RECORD_HASH.name).to_pylist() == [max(hashes.values())]
    assert hashes[versions_of(one_way.rows)[0][1]] == max(hashes.values())
    assert (one_way.stale, one_way.duplicate) == (2, 0)


def _hash(dataset: Dataset, row: pa.Table) -> int:
    with database() as sql:
        sql.register("row_", row)
        ((hashed,),) = sql.execute(f"select {record_hash(dataset)} from row_").fetchall()
    return int(hashed)


def test_the_hash_tells_nulls_in_different_columns_apart() -> None:
    versions: list[Version] = [(1, None, "a", 0), (1, "a", None, 0), (1, "a", "a", 0), (1, None, None, 0)]

    assert len({_hash(THINGS, table([version])) for version in versions}) == 4


def test_the_hash_tells_apart_where_one_text_ends_and_the_next_begins() -> None:
    versions: list[Version] = [(1, "ab", "c", 0), (1, "a", "bc", 0), (1, "a", "b c", 0), (1, "a b", "c", 0)]

    assert len({_hash(THINGS, table([version])) for version in versions}) == 4


def test_the_hash_of_a_record_stays_as_it_is_for_every_type() -> None:
    """The warehouse holds it: if it changed, each record that comes again would be an update."""
    every = Dataset(
        name="things",
        landing_name="thing",
        key="a",
        sort_key="a",
        columns=(
            Column(name="a", type=Type.BIGINT),
            Column(name="b", type=Type.INTEGER),
            Column(name="c", type=Type.RATING),
            Column(name="d", type=Type.BOOLEAN),
            Column(name="e", type=Type.TEXT, max_bytes=9),
            Column(name="f", type=Type.OFFSET_TIMESTAMP),
            VERSION,
        ),
    )
    instant = datetime(2020, 2, 19, 21, 38, 16, 690535, tzinfo=UTC)
    row = dict(
        zip(every.column_names, (2**63 - 1, -3, Decimal("4.10"), True, "é", instant, instant), strict=True)
    )
    whole = pa.Table.from_pylist([row], schema=arrow_schema(every.columns))
    nothing = pa.Table.from_pylist([{"a": 1, VERSION.name: instant}], schema=arrow_schema(every.columns))

    assert (_hash(every, whole), _hash(every, nothing)) == (2807445412120844018, 1215530386734839721)


few = settings(max_examples=40)  # each opens a database
versions = st.tuples(
    st.integers(0, 3),
    st.sampled_from([None, "a", "b"]),
    st.sampled_from([None, "a", "b"]),
    st.integers(0, 3),
)


@pytest.mark.slow
@few
@given(st.lists(versions, min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_never_changes_what_wins(arrived: list[Version], draw: Random) -> None:
    first = newest(table(arrived), THINGS)
    second = newest(table(draw.sample(arrived, len(arrived))), THINGS)

    def by_key(rows: pa.Table) -> pa.Table:
        return rows.sort_by("id")

    assert by_key(second.rows) == by_key(first.rows)
    assert (second.stale, second.duplicate) == (first.stale, first.duplicate)
    winners = versions_of(first.rows)
    assert Counter(key for key, *_ in winners) == Counter({key for key, *_ in arrived})
    assert set(winners) <= set(arrived)
    assert all(
        second == max(other for key_, *_, other in arrived if key_ == key) for key, *_, second in winners
    )
    copies = sum(arrived.count(winner) - 1 for winner in winners)
    assert (first.duplicate, first.stale) == (copies, len(arrived) - len(winners) - copies)


@pytest.mark.slow
@few
@given(st.lists(versions, min_size=1, max_size=25), st.lists(st.integers(0, 25), max_size=3))
def test_the_winners_among_the_winners_of_the_parts_are_the_winners_of_the_whole(
    arrived: list[Version], bounds: list[int]
) -> None:
    cuts = [0, *sorted(min(bound, len(arrived)) for bound in bounds), len(arrived)]
    parts = [newest(table(arrived[start:end]), THINGS).rows for start, end in pairwise(cuts)]
    together = pa.concat_tables(parts).select(THINGS.column_names)

    assert newest(together, THINGS).rows.sort_by("id") == newest(table(arrived), THINGS).rows.sort_by("id")


def test_without_rows_there_is_no_winner() -> None:
    for dataset in DATASETS:
        won = newest(arrow_schema(dataset.columns).empty_table(), dataset)

        assert (won.rows.num_rows, won.stale, won.duplicate) == (0, 0, 0)
        assert won.rows.column_names == [*dataset.column_names, "record_hash"]


def test_the_winners_of_a_group_are_written_into_its_file_and_counted(tmp_path: Path) -> None:
    arrived: list[Version] = [(1, "a", None, 3), (1, "a", None, 3), (1, "b", None, 2), (2, None, "c", 0)]
    batches = [
        batch.select([0, 1])
        for version in arrived
        for batch in packed_rows(table([version]), Packing(THINGS, (7,)))
    ]

    tallies = list(write_newest(batches, dataset=THINGS, target=Folder("file://", f"{tmp_path}/things"[1:])))

    assert [path.name for path in tmp_path.rglob("*.parquet")] == ["part-00007.parquet"]
    written = pq.read_table(tmp_path / "things" / "part-00007.parquet")
    assert written.column_names == [*THINGS.column_names, "record_hash"]
    assert sorted(written.column("id").to_pylist()) == [1, 2]
    (batch,) = tallies
    assert list(WinnersTally.all_of(json.dumps(batch.column(TALLY).to_pylist()))) == [
        WinnersTally(staged=2, stale=1, duplicate=1)
    ]
