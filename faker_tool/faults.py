"""What can be wrong with a load: how often, which rule of the pipeline rejects it, and what each fault does to a record.

To add a fault of records, name it in REPEATS or RULES and add a function to DAMAGE. What the pipeline will do with the
damaged record must be certain beforehand.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Self

from catalog import VERSION, Column, Dataset, Type

REPEATS = ("duplicate", "late", "tie")
"""Faults that deliver a second record after a good one: the same record again, an older version of it, or the same
version with another content."""

RULES = {
    "bad_type": "type",
    "out_of_range": "range",
    "missing_required": "required",
    "missing_field": "field_count",
    "extra_field": "field_count",
    "too_long": "too_long",
    "bad_bytes": "encoding",
    "broken_quoting": "quoting",
}
"""Faults that get a record rejected, each with the one rule that the record breaks."""

DRIFTED_COLUMNS, TRUNCATED_FILE = "drifted_columns", "truncated_file"
OF_RECORDS = (*REPEATS, *RULES)
OF_FILES = (DRIFTED_COLUMNS, TRUNCATED_FILE)

Record = dict[str, bytes]
"""The fields of a record as they stand in the file, quotes included, by column and in the file's order of columns."""

Damage = Callable[[Record, Dataset, int], None]
"""Changes the record in place; the number is random and chooses the column."""

LATE = timedelta(days=1)
"""How much older the record added by the fault `late` is."""

_BEFORE_ANY_TIME = {
    Type.TIMESTAMP: b"1899-12-31 23:59:59",
    Type.OFFSET_TIMESTAMP: b"Sun Dec 31 23:59:59 +0000 1899",
}


@dataclass(frozen=True)
class Faults:
    """The rate of each fault: a share of the records, or of a dataset's files. By default there are none.

    Faulty files are spread evenly: a dataset's only file has a fault if the rate is above about one half. A record has
    one fault at most, so the rates of record faults add up to 1 at most. Raises ValueError if their sum is greater, if
    a fault is unknown, and if a rate is outside 0..1.
    """

    rates: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        for name, rate in self.rates.items():
            if name not in OF_RECORDS + OF_FILES:
                known = ", ".join(OF_RECORDS + OF_FILES)
                raise ValueError(f"no fault is named {name!r}; there are {known}")
            if not 0 <= rate <= 1:
                raise ValueError(f"the rate of {name} is {rate}; give a share from 0 to 1, like 0.01")
        total = sum(self.of_records.values())
        if total > 1 + 1e-9:  # shares like 0.1 are not exact
            raise ValueError(
                f"the rates of the faults of records add up to {total:g}, but a record has one fault at most; "
                "lower the rates so that they add up to 1 or less"
            )

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Read texts like `late=0.01`. Raises ValueError for any other text and for a fault given twice."""
        rates: dict[str, float] = {}
        for text in texts:
            name, _, rate = text.partition("=")
            if name in rates:
                raise ValueError(f"{name} is given twice; give one rate for it")
            try:
                rates[name] = float(rate)
            except ValueError:
                raise ValueError(f"{text!r} is not a fault with its rate; write it like late=0.01") from None
        return cls(rates)

    @property
    def of_records(self) -> dict[str, float]:
        """The rates above 0 of the faults of records, always in the same order."""
        return {name: self.rates[name] for name in OF_RECORDS if self.rates.get(name)}

    @property
    def allow_quotes(self) -> bool:
        """Whether texts may contain quotes.

        A file with a badly quoted record is read leniently, and then every record with a quote is rejected. For only
        the faulty records to be rejected, no other record may have a quote.
        """
        return not self.rates.get("broken_quoting")

    @property
    def any_drifted(self) -> bool:
        return bool(self.rates.get(DRIFTED_COLUMNS))

    def is_drifted(self, number: int) -> bool:
        """Whether the columns of file `number` (from 0) have drifted."""
        return _spread(number) < self.rates.get(DRIFTED_COLUMNS, 0)

    def is_truncated(self, number: int) -> bool:
        """Whether file `number` (from 0) is cut off. A drifted file is not, unless both rates add up to more than 1."""
        return _spread(number) >= 1 - self.rates.get(TRUNCATED_FILE, 0)


def _spread(number: int) -> float:
    # Multiples of the golden ratio, modulo 1, are spread evenly even if few: a rate of 0.3 gets about 3 files of 10.
    return (0.5 + number * (math.sqrt(5) - 1) / 2) % 1


NO_FAULTS = Faults()


def _chosen(dataset: Dataset, choice: int, suits: Callable[[Column], bool]) -> Column:
    columns = [column for column in dataset.columns if suits(column)]
    return columns[choice % len(columns)]


def _is_text(column: Column) -> bool:
    return column.type is Type.TEXT


def _duplicate(_record: Record, _dataset: Dataset, _choice: int) -> None:
    """Changes nothing: the same record is delivered again."""


def _late(record: Record, dataset: Dataset, choice: int) -> None:
    captured = datetime.fromisoformat(record[VERSION.name].decode())
    record[VERSION.name] = str(captured - LATE).encode()
    record[_chosen(dataset, choice, _is_text).name] = b"an older text"


def _tie(record: Record, dataset: Dataset, choice: int) -> None:
    record[_chosen(dataset, choice, _is_text).name] = b"another text of the same moment"


def _bad_type(record: Record, dataset: Dataset, choice: int) -> None:
    record[_chosen(dataset, choice, lambda column: not _is_text(column)).name] = b"n/a"


def _out_of_range(record: Record, dataset: Dataset, choice: int) -> None:
    column = _chosen(dataset, choice, lambda each: each.minimum is not None or each.type in _BEFORE_ANY_TIME)
    below = _BEFORE_ANY_TIME.get(column.type) or str((column.minimum or 0) - 1).encode()
    record[column.name] = below


def _missing_required(record: Record, dataset: Dataset, choice: int) -> None:
    record[_chosen(dataset, choice, lambda column: column.required).name] = b""


def _missing_field(record: Record, _dataset: Dataset, _choice: int) -> None:
    record.popitem()


def _extra_field(record: Record, _dataset: Dataset, _choice: int) -> None:
    record[":surplus"] = b"surplus"


def _too_long(record: Record, dataset: Dataset, choice: int) -> None:
    # two bytes a letter: the text would fit if letters were counted, not bytes
    column = _chosen(dataset, choice, _is_text)
    record[column.name] = "ß".encode() * ((column.max_bytes or 0) // 2 + 1)


def _bad_bytes(record: Record, dataset: Dataset, choice: int) -> None:
    record[_chosen(dataset, choice, _is_text).name] = "Café".encode("iso-8859-1")


def _broken_quoting(record: Record, dataset: Dataset, choice: int) -> None:
    # No comma, no line break and an even number of quotes: every reader finds the end of the record.
    record[_chosen(dataset, choice, _is_text).name] = b'"the "open" book"'


DAMAGE: dict[str, Damage] = {
    "duplicate": _duplicate,
    "late": _late,
    "tie": _tie,
    "bad_type": _bad_type,
    "out_of_range": _out_of_range,
    "missing_required": _missing_required,
    "missing_field": _missing_field,
    "extra_field": _extra_field,
    "too_long": _too_long,
    "bad_bytes": _bad_bytes,
    "broken_quoting": _broken_quoting,
}
"""What each fault of records does, by the fault's name."""
