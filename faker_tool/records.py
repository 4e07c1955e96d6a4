"""A chunk as CSV text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog import Dataset
from faker_tool.chunk import Chunk, Integers
from faker_tool.columns import fields
from faker_tool.facts import Facts, facts_of
from faker_tool.faults import NO_FAULTS, Faults
from faker_tool.flaws import draw_flaws
from faker_tool.format import EXTRA_FIELD, Format, drifted, usual


@dataclass(frozen=True)
class Records:
    """Consecutive records as CSV text without header; `ends[i]` is the position in `text` just after record `i`."""

    text: bytes | memoryview
    ends: Integers
    facts: Facts

    def __len__(self) -> int:
        return len(self.ends)

    def part(self, first: int, stop: int) -> "Records":
        """Records `first` up to, but without, `stop`; their text is not copied."""
        start = int(self.ends[first - 1]) if first else 0
        ends = self.ends[first:stop] - start
        size = int(ends[-1]) if len(ends) else 0
        return Records(memoryview(self.text)[start : start + size], ends, self.facts[first:stop])


Drawn = Mapping[Format, Records]
"""The same records, as they are written in files of each format."""


def encode(dataset: Dataset, number: int, *, seed: int, until: datetime, faults: Faults = NO_FAULTS) -> Drawn:
    """Chunk `number` of the dataset's stream, in the formats that its files may have."""
    chunk = Chunk(dataset, number, seed=seed, until=until, with_quotes=faults.allow_quotes)
    columns = {column.name: fields(chunk, column) for column in dataset.columns}
    facts = facts_of(chunk, number)
    forms = [usual(dataset), *([drifted(dataset)] if faults.any_drifted else [])]
    rows = {form: _rows([columns.get(name, EXTRA_FIELD) for name in form.columns]) for form in forms}
    if faults.of_records:
        flaws = draw_flaws(dataset, number, seed=seed, faults=faults)
        facts = flaws.in_facts(facts)
        rows = {form: flaws.in_text(rows[form], columns, form) for form in forms}
    return {form: _records(rows[form], facts) for form in forms}


def _rows(columns: Sequence[pa.StringArray | str]) -> pa.StringArray:
    ended = pc.binary_join_element_wise(columns[-1], "\n", "")
    return pc.binary_join_element_wise(*columns[:-1], ended, ",")


def _records(rows: pa.StringArray | pa.BinaryArray, facts: Facts) -> Records:
    # Arrow keeps the rows one behind the other: its buffer is the file's text, its offsets the record boundaries.
    _, offsets, text = rows.buffers()
    ends = np.frombuffer(offsets, np.int32)[1 : len(rows) + 1].astype(np.int64)
    return Records(text=memoryview(text).cast("B")[: ends[-1]], ends=ends, facts=facts)
