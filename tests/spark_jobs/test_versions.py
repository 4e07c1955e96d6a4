from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from catalog import VERSION, Column, Dataset, Type
from spark_jobs.versions import is_duplicate, is_stale, rank_versions, record_hash, winners

pytestmark = pytest.mark.spark

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


def frame_of(rows_of_text: Callable[..., DataFrame], versions: list[Version]) -> DataFrame:
    rows = [(str(key), left, right, f"2020-01-01 00:00:{second:02}") for key, left, right, second in versions]
    return rows_of_text(THINGS.column_names, rows).select(
        F.col("id").cast("bigint"), "left", "right", F.col(VERSION.name).cast("timestamp")
    )


def ranked(rows_of_text: Callable[..., DataFrame], versions: list[Version]) -> DataFrame:
    return rank_versions(frame_of(rows_of_text, versions), THINGS)


def test_a_late_record_never_replaces_a_newer_one(rows_of_text: Callable[..., DataFrame]) -> None:
    rows = ranked(rows_of_text, [(1, "new", None, 9), (1, "old", None, 3), (2, "only", None, 1)])

    assert sorted(row["left"] for row in winners(rows, THINGS).collect()) == ["new", "only"]
    assert [row["left"] for row in rows.where(is_stale()).collect()] == ["old"]
    assert rows.where(is_duplicate()).collect() == []


def test_a_tie_on_the_timestamp_leaves_one_row_whatever_the_order(
    rows_of_text: Callable[..., DataFrame],
) -> None:
    tied: list[Version] = [(1, "a", "x", 5), (1, "b", "x", 5), (1, "c", "x", 5)]

    one_way = winners(ranked(rows_of_text, tied), THINGS).collect()
    other_way = winners(ranked(rows_of_text, tied[::-1]), THINGS).collect()

    assert len(one_way) == 1
    assert one_way == other_way


def test_only_a_repetition_of_the_winner_is_a_duplicate(rows_of_text: Callable[..., DataFrame]) -> None:
    rows = ranked(
        rows_of_text, [(1, "w", None, 9), (1, "w", None, 9), (1, "old", None, 3), (1, "old", None, 3)]
    )

    assert rows.where(is_duplicate()).count() == 1
    assert rows.where(is_stale()).count() == 2


def test_the_hash_tells_nulls_in_different_columns_apart(rows_of_text: Callable[..., DataFrame]) -> None:
    versions: list[Version] = [(1, None, "a", 0), (1, "a", None, 0), (1, "a", "a", 0), (1, None, None, 0)]

    hashes = frame_of(rows_of_text, versions).select(record_hash(THINGS).alias("hash")).distinct().count()

    assert hashes == 4


VERSIONS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, "a", "b"]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=12,
)
CASES = st.lists(VERSIONS, min_size=30, max_size=40)
"""Many independent histories at once: a Spark job costs the same for one as for forty."""


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=CASES, shuffled=st.randoms(use_true_random=False), partitions=st.integers(1, 5))
def test_order_and_split_of_the_input_never_change_what_is_staged(
    rows_of_text: Callable[..., DataFrame], cases: list[list[Version]], shuffled: Any, partitions: int
) -> None:
    arrived = [
        (case * 10 + key, left, right, second)
        for case, versions in enumerate(cases)
        for key, left, right, second in versions
    ]
    permuted = shuffled.sample(arrived, len(arrived))

    first = ranked(rows_of_text, arrived)
    second = rank_versions(frame_of(rows_of_text, permuted).repartition(partitions), THINGS)
    staged = {row["id"]: row for row in winners(first, THINGS).collect()}

    assert {row["id"]: row for row in winners(second, THINGS).collect()} == staged
    assert staged.keys() == {version[0] for version in arrived}
    copies = 0
    for key, row in staged.items():
        versions = [version for version in arrived if version[0] == key]
        winner = (key, row["left"], row["right"], row[VERSION.name].second)
        assert winner[3] == max(version[3] for version in versions)
        copies += versions.count(winner) - 1  # fails on a winner that never arrived: -1
        assert winner in versions
    assert second.where(is_duplicate()).count() == copies
    assert second.where(is_stale()).count() == len(arrived) - len(staged) - copies
