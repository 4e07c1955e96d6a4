"""The same bytes in other shapes."""

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.measure import Usage
from benchmarks.shapes import FOUR, MANY, ONE, Shapes, packed, run_task, shapes_told


@pytest.mark.slow
def test_a_task_reads_gzip_that_unpacks_to_fifty_times_its_size(tmp_path: Path) -> None:
    file, size = packed(tmp_path, 1_000_000)
    assert len(gzip.decompress(file.read_bytes())) == size
    assert 40 < size / file.stat().st_size < 60
    assert run_task(file).peak_rss_bytes > 0
    told = [
        json.loads(text)
        for row in json.loads(file.with_suffix(".log").read_text())
        for text in row.values()
        if text
    ]
    records = sum(tally.get("read", 0) for tally in told)
    assert 0 < records == sum(tally.get("staged", 0) for tally in told)


def test_each_shape_is_told_against_four_files_of_the_same_bytes() -> None:
    used = {FOUR: [Usage(10, 1, 1)], ONE: [Usage(11, 1, 1)], MANY: [Usage(14, 1, 1)]}
    shapes = Shapes(
        10, used, {FOUR: 4, ONE: 1, MANY: 10_000}, [Usage(1, 1, 800_000_000)], 14_000_000, 720_000_000
    )
    assert shapes_told(shapes) == {
        ONE: "1.10 times four files (1 and 4)",
        MANY: "1.40 times four files (10,000 and 4)",
        "gzip": "14.0 MB that unpack to 720 MB: a task's process takes 800 MB",
    }
