"""Holds the rows of a task that has a whole dataset: in memory, and on the disk if they are too many for it."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import pyarrow as pa
from pyarrow import ipc

from catalog import Dataset
from spark_jobs.newest import are_last
from spark_jobs.packing import COMPRESSED, in_groups
from spark_jobs.schema import arrow_schema

_HELD = 192 * 1024 * 1024  # bytes of rows in memory


class HeldRows:
    """Context manager that takes a dataset's rows and gives them back in groups: all rows of a key are in one group.

    Too many rows are first reduced to the newest versions of their keys; `older` counts the rows that are dropped by this. If they
    are still too many, they go to files of `groups` groups, below the folder that Spark deletes at its end, whatever happens to the task.
    """

    def __init__(self, dataset: Dataset, groups: int) -> None:
        self.older = 0
        self._dataset = dataset
        self._groups = groups
        self._schema = arrow_schema(dataset.columns)
        self._held: list[pa.Table] = []
        self._stack = ExitStack()
        self._folder: Path | None = None
        self._files: dict[int, ipc.RecordBatchStreamWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, rows: pa.Table) -> None:
        """Take rows of the dataset's columns."""
        self._held.append(rows)
        if self._folder is not None:
            self._write_out(self._folder)
        elif self._size() >= _HELD:
            self._reduce()
            if self._size() >= _HELD // 2:  # soon there would be too many again
                self._folder = self._new_folder()
                self._write_out(self._folder)

    def groups(self) -> list[Callable[[], pa.Table]]:
        """What reads the rows of each group, in any thread; one group if all rows are in memory. Afterwards nothing more can be added."""
        if self._folder is None:
            return [lambda: pa.concat_tables([self._schema.empty_table(), *self._held])]
        for file in self._files.values():
            file.close()
        return [partial(_read, self._folder / str(number)) for number in sorted(self._files)]

    def _size(self) -> int:
        return sum(rows.nbytes for rows in self._held)

    def _reduce(self) -> None:
        last = are_last(pa.concat_tables(self._held), self._dataset)
        self.older += len(last) - int(last.sum())
        start = 0
        for index, rows in enumerate(self._held):  # one by one: all of them at once would be in memory twice
            self._held[index] = rows.filter(pa.array(last[start : start + rows.num_rows]))
            start += rows.num_rows

    def _write_out(self, folder: Path) -> None:
        while self._held:
            for number, of_group in in_groups(self._held.pop(), self._dataset, self._groups):
                if number not in self._files:
                    self._files[number] = self._stack.enter_context(
                        ipc.new_stream(str(folder / str(number)), self._schema, options=COMPRESSED)
                    )
                self._files[number].write_table(of_group)

    def _new_folder(self) -> Path:
        of_spark = os.environ.get("SPARK_LOCAL_DIRS", "").partition(",")[0] or None
        return Path(self._stack.enter_context(TemporaryDirectory(prefix="rows-", dir=of_spark)))


def _read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as content:
        return ipc.open_stream(content).read_all()
