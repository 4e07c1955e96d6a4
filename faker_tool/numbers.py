"""Ids, counts, ratings and flags, as the text of a CSV field."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from catalog import Column
from faker_tool.chunk import ROWS, Chunk, Integers, shared

Draw = Callable[[Chunk, Column], pa.StringArray]

_LARGEST_ID = {"review_id": 10_000_000}
_LARGEST_OTHER_ID = 100_000


def largest_id(column: str) -> int:
    """Ids in that column are 0 up to this number: keys repeat, as later versions of the same record."""
    return _LARGEST_ID.get(column, _LARGEST_OTHER_ID)


@shared
def keys(chunk: Chunk) -> Integers:
    """The key of each record."""
    return chunk.rng.integers(0, largest_id(chunk.dataset.key), ROWS, endpoint=True)


def identifier(chunk: Chunk, column: Column) -> pa.StringArray:
    """The record's own key, or a reference to a record of another dataset."""
    if column.name == chunk.dataset.key:
        return as_text(keys(chunk))
    return as_text(chunk.rng.integers(0, largest_id(column.name), ROWS, endpoint=True))


def evenly(chunk: Chunk, column: Column) -> pa.StringArray:
    """Every whole number within the column's bounds, equally often."""
    low, high = _bounds(column)
    return as_text(chunk.rng.integers(low, high, ROWS, endpoint=True))


def between(low: int, high: int) -> Draw:
    """Every whole number from `low` to `high`, equally often; both must lie within the column's bounds."""
    return lambda chunk, _: as_text(chunk.rng.integers(low, high, ROWS, endpoint=True))


def skewed(most: int) -> Draw:
    """Whole numbers from 0 to `most`, each power of ten about as often as the next."""

    def draw(chunk: Chunk, _: Column) -> pa.StringArray:
        exponents = chunk.rng.random(ROWS) * np.log(most + 1)
        return as_text(np.exp(exponents).astype(np.int64) - 1)

    return draw


def average(chunk: Chunk, column: Column) -> pa.StringArray:
    """Ratings with two places within the column's bounds, most of them near three quarters of the way."""
    low, high = _bounds(column)
    shares = chunk.rng.beta(9, 3, ROWS)
    hundredths = ((low + shares * (high - low)) * 100).astype(np.int64)
    spelled = pa.array([f"{number / 100:.2f}" for number in range(low * 100, high * 100 + 1)])
    return spelled.take(pa.array(hundredths - low * 100))


def flag(share: float) -> Draw:
    """`true` in that share of the records."""
    spelled = pa.array(["false", "true"])
    return lambda chunk, _: spelled.take(pa.array((chunk.rng.random(ROWS) < share).astype(np.int8)))


def as_text(numbers: Integers) -> pa.StringArray:
    """Each number in decimal."""
    return pa.array(numbers).cast(pa.string())


def _bounds(column: Column) -> tuple[int, int]:
    if column.bounds is None:
        raise ValueError(f"column {column.name} has no bounds to draw between; name a recipe for it")
    low, high = column.bounds
    return int(low), int(high)
