"""A chunk as CSV text."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow.compute as pc

from catalog import Dataset
from faker_tool.chunk import Chunk, Integers
from faker_tool.columns import fields
from faker_tool.numbers import keys


@dataclass(frozen=True)
class Records:
    """Consecutive records as CSV text without header.

    `ends[i]` is the position in `text` just after record `i`, `keys[i]` the value of its key column.
    """

    text: bytes | memoryview
    ends: Integers
    keys: Integers

    def __len__(self) -> int:
        return len(self.ends)

    def part(self, first: int, stop: int) -> "Records":
        """Records `first` up to, but without, `stop`; their text is not copied."""
        start = int(self.ends[first - 1]) if first else 0
        ends = self.ends[first:stop] - start
        size = int(ends[-1]) if len(ends) else 0
        return Records(memoryview(self.text)[start : start + size], ends, self.keys[first:stop])


def encode(dataset: Dataset, number: int, *, seed: int, until: datetime) -> Records:
    """Chunk `number` of the dataset's stream."""
    chunk = Chunk(dataset, number, seed=seed, until=until)
    columns = [fields(chunk, column) for column in dataset.columns]
    columns[-1] = pc.binary_join_element_wise(columns[-1], "\n", "")
    # Arrow keeps the rows one behind the other: its buffer is the file's text, its offsets the record boundaries.
    rows = pc.binary_join_element_wise(*columns, ",")
    _, offsets, text = rows.buffers()
    ends = np.frombuffer(offsets, np.int32)[1 : len(rows) + 1].astype(np.int64)
    return Records(text=text[: ends[-1]].to_pybytes(), ends=ends, keys=keys(chunk))
