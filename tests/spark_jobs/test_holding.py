"""However many rows fit into memory, the same versions of each key come back, together."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import VERSION, Column, Dataset, Type
from spark_jobs import holding
from spark_jobs.holding import HeldRows
from spark_jobs.schema import arrow_schema

THINGS = Dataset(
    name="things",
    landing_name="thing",
    key="id",
    sort_key="id",
    columns=(Column(name="id", type=Type.BIGINT), Column(name="text", type=Type.TEXT, max_bytes=10), VERSION),
)
Row = tuple[int, str | None, int]
"""key, text, second of the version"""

rows_of_chunks = st.lists(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from([None, "a", "bb"]), st.integers(0, 3)), max_size=8),
    max_size=8,
)


def table(rows: Sequence[Row]) -> pa.Table:
    whole = [(key, text, datetime(2020, 1, 1, 0, 0, second, tzinfo=UTC)) for key, text, second in rows]
    return pa.Table.from_pylist(
        [dict(zip(THINGS.column_names, row, strict=True)) for row in whole], arrow_schema(THINGS.columns)
    )


def rows_in(held: pa.Table) -> list[Row]:
    return [(row["id"], row["text"], row[VERSION.name].second) for row in held.to_pylist()]


@pytest.mark.slow
@settings(max_examples=50)
@given(chunks=rows_of_chunks, held=st.integers(1, 1000), groups=st.integers(1, 5))
def test_all_rows_come_back_but_older_versions_and_each_key_in_one_group(
    chunks: list[list[Row]], held: int, groups: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, HeldRows(THINGS, groups) as rows:
        patch.setattr(holding, "_HELD", held)
        for chunk in chunks:
            rows.add(table(chunk))
        found = [rows_in(read()) for read in rows.groups()]

    arrived = [row for chunk in chunks for row in chunk]
    kept = [row for group in found for row in group]
    newest = {key: max(second for key_, _, second in arrived if key_ == key) for key, *_ in arrived}
    assert Counter(kept) <= Counter(arrived)
    assert rows.older == len(arrived) - len(kept)
    dropped = Counter(arrived) - Counter(kept)
    assert all(second < newest[key] for key, _, second in dropped)
    assert sum(len({key for key, *_ in group}) for group in found) == len(newest)


def test_few_keys_stay_in_memory_however_many_rows_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(tmp_path))
    monkeypatch.setattr(holding, "_HELD", 10_000)

    with HeldRows(THINGS, 2) as rows:
        for second in range(60):
            rows.add(table([(key, "text", second) for key in range(100)]))
            assert not list(tmp_path.iterdir())
        (read,) = rows.groups()
        group = read()

    assert sorted(rows_in(group.slice(group.num_rows - 100))) == [(key, "text", 59) for key in range(100)]
    assert rows.older == 6000 - group.num_rows > 0


def test_what_is_on_the_disk_is_below_sparks_folder_and_goes_with_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_LOCAL_DIRS", f"{tmp_path},/another")
    monkeypatch.setattr(holding, "_HELD", 1)

    with HeldRows(THINGS, 2) as rows:
        rows.add(table([(key, "a", 1) for key in range(9)]))
        assert list(tmp_path.rglob("rows-*/*"))

    assert not list(tmp_path.iterdir())
