"""Ids, counts, ratings, flags and times, as the text of a CSV field."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from catalog import Column
from faker_tool.chunk import ROWS, Chunk, Flags, Integers, shared

Draw = Callable[[Chunk, Column], pa.StringArray]

_LARGEST_ID = {"review_id": 10_000_000}
_LARGEST_OTHER_ID = 100_000

WINDOW = timedelta(days=30)
"""All records are captured in this period before the chunk's `until`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400
_WHOLE_SECONDS = 0.1  # share of capture times without a fraction
_OFFSETS = {"-0800": -480, "-0700": -420, "-0500": -300, "+0000": 0, "+0100": 60, "+0530": 330, "+0900": 540}
_CLOCK = pa.array(np.arange(_DAY, dtype=np.int32), pa.time32("s")).cast(pa.string())


def largest_id(column: str) -> int:
    """The largest id in the column; ids start at 0. Keys repeat: the later records are versions of the earlier ones."""
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
    """`true` in the given share of the records, else `false`."""
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


@shared
def captured(chunk: Chunk) -> Integers:
    """When each record was captured, in microseconds since 1970."""
    until = (chunk.until - _EPOCH) // _MICROSECOND
    return chunk.rng.integers(until - WINDOW // _MICROSECOND, until, ROWS)


@shared
def _seconds_known(chunk: Chunk) -> npt.NDArray[np.float64]:
    """How long before its capture each record was added."""
    return chunk.rng.random(ROWS) * 3 * _DAY


@shared
def _zone(chunk: Chunk) -> Integers:
    """Index of each record's offset: one for all its dates."""
    return chunk.rng.integers(0, len(_OFFSETS), ROWS)


@shared
def _is_whole(chunk: Chunk) -> Flags:
    """Whether each capture time is written without a fraction."""
    return chunk.rng.random(ROWS) < _WHOLE_SECONDS


def versions(chunk: Chunk) -> Integers:
    """The capture times as they are written, in microseconds since 1970."""
    fraction = captured(chunk) % 1_000_000
    return captured(chunk) - np.where(_is_whole(chunk), fraction, 0)


def capture_time(chunk: Chunk, _: Column) -> pa.StringArray:
    """Times like `2020-02-19 21:38:16.690535`, some like `2020-02-19 21:38:16`."""
    exact = pa.array(captured(chunk), pa.timestamp("us"))
    whole = pa.array(captured(chunk) // 1_000_000, pa.timestamp("s"))
    return pc.if_else(pa.array(_is_whole(chunk)), whole.cast(pa.string()), exact.cast(pa.string()))


def added(chunk: Chunk, _: Column) -> pa.StringArray:
    """Dates like `Wed Feb 19 18:36:17 -0800 2020`, up to three days before the capture."""
    return _with_offset(chunk, _seconds_known(chunk))


def updated(chunk: Chunk, _: Column) -> pa.StringArray:
    """Dates in the format of `added`, between that date and the capture."""
    return _with_offset(chunk, _seconds_known(chunk) * chunk.rng.random(ROWS))


def _with_offset(chunk: Chunk, seconds_before: npt.NDArray[np.float64]) -> pa.StringArray:
    zone = _zone(chunk)
    instant = captured(chunk) // 1_000_000 - seconds_before.astype(np.int64)
    local = instant + np.array(list(_OFFSETS.values()))[zone] * 60
    days = local // _DAY
    first, last = int(days.min()), int(days.max())
    day = days - first
    calendar = [_EPOCH.date() + timedelta(days=number) for number in range(first, last + 1)]
    return pc.binary_join_element_wise(
        pa.array([_day_text(each) for each in calendar]).take(pa.array(day)),
        _CLOCK.take(pa.array(local % _DAY)),
        pa.array(list(_OFFSETS)).take(pa.array(zone)),
        pa.array([f"{each.year:04}" for each in calendar]).take(pa.array(day)),
        " ",
    )


def _day_text(day: date) -> str:
    # Not strftime: its names of days and months follow the locale of the process.
    return f"{day.ctime()[:8]}{day.day:02}"
