"""What stages outside of the JVM have counted: small JSON documents that travel with the rows."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

from pyspark.sql import Column
from pyspark.sql import functions as F

TALLY = ":tally"
"""The column of tallies; the rows have none."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Counts as JSON and back."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))

    @classmethod
    def all_of(cls, observed: str | None) -> Iterator[Self]:
        """From the observed value of `tallies`."""
        return map(cls.from_json, json.loads(observed or "[]"))


@dataclass(frozen=True, kw_only=True)
class FileTally(Tally):
    """Rows of a file: all of them, those that break a rule, and those that a newer version was found of.

    `left` if it was not read at all, because only Spark's parser can say what it holds.
    """

    number: int
    read: int = 0
    bad: int = 0
    older: int = 0
    left: bool = False


@dataclass(frozen=True, kw_only=True)
class WinnersTally(Tally):
    """Rows of a group of keys that did not win, and those that did."""

    staged: int
    stale: int
    duplicate: int


def tallies() -> Column:
    """An aggregate: all values of TALLY; JSON, because Observation returns no arrays."""
    return F.to_json(F.collect_list(TALLY)).alias(TALLY)
