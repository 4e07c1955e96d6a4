"""A chunk as CSV text: in the file's order of columns, and with the faults drawn for its records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from catalog import Dataset
from faker_tool.accounting import RULE_NAMES, Facts, facts_of
from faker_tool.chunk import ROWS, Chunk, Flags, Integers, random_numbers
from faker_tool.columns import fields
from faker_tool.faults import DAMAGE, LATE, NO_FAULTS, REPEATS, RULES, Faults, Record

EXTRA = "shelf"
"""A column that the catalog does not know."""

EXTRA_FIELD = "to-read"

_LONGEST_DELAY = 64
"""A repeat comes at most this many records after its original, not counting other repeats."""

_LATE_MICROSECONDS = int(LATE.total_seconds() * 1_000_000)
_RULE_CODES = {name: RULE_NAMES.index(rule) for name, rule in RULES.items()}


@dataclass(frozen=True)
class Format:
    """The columns of a file in order: a dataset's columns, and perhaps EXTRA."""

    columns: tuple[str, ...]

    @property
    def header(self) -> bytes:
        """The file's first line."""
        return (",".join(self.columns) + "\n").encode()


FormatOf = Callable[[int], Format]
"""Gives the format of a file by the file's number (from 0)."""


def usual(dataset: Dataset) -> Format:
    """The catalog's columns in the catalog's order."""
    return Format(dataset.column_names)


def drifted(dataset: Dataset) -> Format:
    """The format that another version of the capture might write: columns in reverse order, after EXTRA."""
    return Format((EXTRA, *reversed(dataset.column_names)))


@dataclass(frozen=True)
class Records:
    """Consecutive records as CSV text without header; `ends[i]` is the position in `text` just after record `i`."""

    text: bytes | memoryview
    ends: Integers
    facts: Facts

    def __len__(self) -> int:
        return len(self.ends)

    def part(self, first: int, stop: int) -> "Records":
        """The records from `first` up to `stop` (exclusive); their text is not copied."""
        start = int(self.ends[first - 1]) if first else 0
        ends = self.ends[first:stop] - start
        size = int(ends[-1]) if len(ends) else 0
        return Records(memoryview(self.text)[start : start + size], ends, self.facts[first:stop])


Drawn = Mapping[Format, Records]
"""The same records in each format."""


def encode(dataset: Dataset, number: int, *, seed: int, until: datetime, faults: Faults = NO_FAULTS) -> Drawn:
    """Chunk `number` of the dataset's stream, in each format that the dataset's files may have."""
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
    # Arrow stores the rows back to back: its buffer is the file's text, its offsets are the record boundaries.
    _, offsets, text = rows.buffers()
    ends = np.frombuffer(offsets, np.int32)[1 : len(rows) + 1].astype(np.int64)
    return Records(text=memoryview(text).cast("B")[: ends[-1]], ends=ends, facts=facts)


@dataclass(frozen=True)
class Flaws:
    """The faulty records of a chunk, in order: their indexes, the names of their faults, and a random number for each."""

    dataset: Dataset
    rows: Integers
    names: npt.NDArray[np.str_]
    choices: Integers

    @property
    def are_repeats(self) -> Flags:
        """Which faulty records stay as they are and are soon followed by a repeat."""
        return np.isin(self.names, REPEATS)

    @property
    def order(self) -> Integers:
        """The order in the file, as indexes into the list of the chunk's records followed by the repeats."""
        delays = self.choices[self.are_repeats] % _LONGEST_DELAY + 0.5
        positions = np.concatenate((np.arange(ROWS), self.rows[self.are_repeats] + delays))
        # The default sort puts equal positions in an order that depends on the processor.
        return np.argsort(positions, kind="stable")

    def in_facts(self, facts: Facts) -> Facts:
        """The facts of the chunk's records and of the repeats, in the file's order."""
        changed, rejected = facts.copy(), ~self.are_repeats
        changed["rule"][self.rows[rejected]] = [_RULE_CODES[name] for name in self.names[rejected]]
        repeats, names = facts[self.rows[self.are_repeats]], self.names[self.are_repeats]
        repeats["version"] -= np.where(names == "late", _LATE_MICROSECONDS, 0)
        repeats["repeat"] = names == "duplicate"
        repeats["content"] = np.where(repeats["repeat"], repeats["content"], ~repeats["content"])
        return np.concatenate((changed, repeats))[self.order]

    def in_text(
        self, rows: pa.StringArray, fields: Mapping[str, pa.StringArray], form: Format
    ) -> pa.BinaryArray:
        """The lines of records and repeats in the file's order; `rows` are the lines before faults, made of `fields`."""
        lines = np.array(list(self._lines(fields, form)), object)
        is_rejected = np.zeros(ROWS, np.bool_)
        is_rejected[self.rows[~self.are_repeats]] = True
        in_place = pa.array(lines[~self.are_repeats], pa.binary())
        replaced = pc.replace_with_mask(rows.cast(pa.binary()), pa.array(is_rejected), in_place)
        repeats = pa.array(lines[self.are_repeats], pa.binary())
        return pa.concat_arrays([replaced, repeats]).take(pa.array(self.order))

    def _lines(self, fields: Mapping[str, pa.StringArray], form: Format) -> Iterator[bytes]:
        rows = pa.array(self.rows)
        texts = {name: column.take(rows).cast(pa.binary()).to_pylist() for name, column in fields.items()}
        for index, (name, choice) in enumerate(zip(self.names, self.choices, strict=True)):
            record: Record = {
                column: texts[column][index] if column in texts else EXTRA_FIELD.encode()
                for column in form.columns
            }
            DAMAGE[name](record, self.dataset, int(choice))
            yield b",".join(record.values()) + b"\n"


def draw_flaws(dataset: Dataset, number: int, *, seed: int, faults: Faults) -> Flaws:
    """Draw the flaws of chunk `number` from a random stream of their own, so that the records themselves do not change."""
    rng = random_numbers(dataset, number, seed=seed, purpose="faults")
    names, rates = list(faults.of_records), list(faults.of_records.values())
    drawn = np.searchsorted(np.cumsum(rates), rng.random(ROWS), side="right")
    choices = rng.integers(0, 2**31, ROWS)
    rows = np.flatnonzero(drawn < len(names))
    return Flaws(dataset, rows, np.array(names)[drawn[rows]], choices[rows])
