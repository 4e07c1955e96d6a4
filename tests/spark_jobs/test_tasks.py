from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from catalog import AUTHORS
from spark_jobs.ranges import Range
from spark_jobs.storage import SMALL
from spark_jobs.tasks import Reader

TASK = pa.record_batch([[0]], names=["id"])


@dataclass
class Noting:
    """A folder that notes which files are read."""

    read: list[str] = field(default_factory=list)

    def blocks(self, uri: str, _size: int, _start: int, _stop: int) -> Iterator[memoryview]:
        self.read.append(uri)
        yield memoryview(b"")


def read_when_one_is_taken(*ranges: Range) -> list[str]:
    """The files that were read when a task had taken its first range, and nothing of it."""
    folder: Any = Noting()
    reader = Reader(AUTHORS, datetime.now(UTC), 1, ranges, (tuple(range(len(ranges))),), folder)
    readings: Any = reader.readings([TASK])
    next(readings)
    readings.close()  # it waits for what has begun
    return sorted(folder.read)


def whole(uri: str, size: int = 9) -> Range:
    return Range(file_number=0, uri=uri, size=size, end=None if uri.endswith(".gz") else size)


def test_a_few_small_files_are_read_before_it_is_their_turn() -> None:
    assert read_when_one_is_taken(*(whole(f"{number}.csv") for number in range(9))) == [
        f"{number}.csv" for number in range(5)
    ]


def test_neither_a_big_file_nor_a_part_of_one_is_read_ahead() -> None:
    first, last = (Range(file_number=0, uri="b", size=9, start=start, end=start + 4) for start in (0, 5))
    assert read_when_one_is_taken(whole("a.gz"), first, last, whole("c", SMALL + 1), whole("d", SMALL)) == [
        "a.gz",
        "d",
    ]
