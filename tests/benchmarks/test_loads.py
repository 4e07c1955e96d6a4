"""Loads are made once, and known."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.contestants import files_of
from benchmarks.loads import LoadFolder, ready
from catalog import REVIEWS


@pytest.mark.slow
def test_a_load_is_made_once_and_what_it_holds_is_known(tmp_path: Path) -> None:
    folder = LoadFolder.of(tmp_path, 0.0001)

    load = ready(folder)

    (path,) = files_of(folder.data, REVIEWS)
    with path.open(encoding="utf-8", newline="") as file:
        assert load.records["reviews"] == sum(1 for _ in csv.DictReader(file)) > 1_000
    assert 1_200_000 < load.bytes < 1_240_000
    assert load.files == 4
    made = path.stat().st_mtime_ns
    assert ready(LoadFolder.of(tmp_path, 0.0001)) == load
    assert path.stat().st_mtime_ns == made


@pytest.mark.slow
def test_a_load_in_parts_is_kept_beside_the_one_that_is_whole(tmp_path: Path) -> None:
    folder = LoadFolder.of(tmp_path, 0.0001, part_bytes=100_000)

    load = ready(folder)

    assert folder.path == tmp_path / "0.0001-files-of-100000"
    sizes = [path.stat().st_size for path in files_of(folder.data, REVIEWS)]
    assert len(sizes) == 5
    assert max(sizes) <= 100_000
    assert load.files == Counter(path.suffix for path in folder.data.rglob("part-*"))[".csv"]
