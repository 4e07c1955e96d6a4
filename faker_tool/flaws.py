"""The faults of one chunk: which records have them, and what is written for those."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from catalog import Dataset
from faker_tool.chunk import ROWS, Flags, Integers, random_numbers
from faker_tool.damage import DAMAGE, LATE, Record
from faker_tool.facts import RULE_NAMES, Facts
from faker_tool.faults import REPEATS, RULES, Faults
from faker_tool.format import EXTRA_FIELD, Format

_LONGEST_DELAY = 64
"""Records that come between one and its repeat at most, while no other repeats do."""

_LATE_MICROSECONDS = int(LATE.total_seconds() * 1_000_000)
_RULE_CODES = {name: RULE_NAMES.index(rule) for name, rule in RULES.items()}


@dataclass(frozen=True)
class Flaws:
    """The faulty records of a chunk, in their order: their places, the names of their faults, a random number each."""

    dataset: Dataset
    rows: Integers
    names: npt.NDArray[np.str_]
    choices: Integers

    @property
    def are_repeats(self) -> Flags:
        """Which of them stay as they are, and are followed by another record before long."""
        return np.isin(self.names, REPEATS)

    @property
    def order(self) -> Integers:
        """Indices into the chunk's records with the repeats behind them: which comes first in the file, second, ..."""
        delays = self.choices[self.are_repeats] % _LONGEST_DELAY + 0.5
        places = np.concatenate((np.arange(ROWS), self.rows[self.are_repeats] + delays))
        # The fastest sort leaves equal places in an order that depends on the processor.
        return np.argsort(places, kind="stable")

    def in_facts(self, facts: Facts) -> Facts:
        """The facts of the chunk's records and the repeats, in their order."""
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
        """The chunk's records and the repeats, in their order; `rows` is what there is without faults, made of `fields`."""
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
        for place, (name, choice) in enumerate(zip(self.names, self.choices, strict=True)):
            record: Record = {
                column: texts[column][place] if column in texts else EXTRA_FIELD.encode()
                for column in form.columns
            }
            DAMAGE[name](record, self.dataset, int(choice))
            yield b",".join(record.values()) + b"\n"


def draw_flaws(dataset: Dataset, number: int, *, seed: int, faults: Faults) -> Flaws:
    """Those of chunk `number`: they take nothing from the draws of the records themselves."""
    rng = random_numbers(dataset, number, seed=seed, purpose="faults")
    names, rates = list(faults.of_records), list(faults.of_records.values())
    drawn = np.searchsorted(np.cumsum(rates), rng.random(ROWS), side="right")
    choices = rng.integers(0, 2**31, ROWS)
    rows = np.flatnonzero(drawn < len(names))
    return Flaws(dataset, rows, np.array(names)[drawn[rows]], choices[rows])
