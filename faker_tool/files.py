"""The files of a load: their names, where each begins and ends (always between two records), and their compression."""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from catalog import Dataset
from faker_tool.records import Drawn, FormatOf, Records
from landing.bucket import Bytes

Portion = tuple[int, Records]
"""The number of a file (from 0), and the next records of that file."""

_GZIP = zlib.MAX_WBITS | 16
_FAST = 1


@dataclass(frozen=True, kw_only=True)
class Naming:
    """How files are named and compressed.

    `reviews.csv`; with `parts`, `reviews/part-00000.csv` and so on; with `compress`, the names end in `.csv.gz`.
    """

    parts: bool
    compress: bool

    @property
    def _suffix(self) -> str:
        return ".csv.gz" if self.compress else ".csv"

    def stem(self, dataset: Dataset) -> str:
        """The text with which the names of all files of the dataset begin."""
        return f"{dataset.landing_name}/part-" if self.parts else dataset.landing_name

    def name(self, dataset: Dataset, number: int) -> str:
        """The name of file `number` (from 0) of the dataset; without parts, only file 0 exists."""
        return self.stem(dataset) + (f"{number:05}" if self.parts else "") + self._suffix

    def is_name(self, dataset: Dataset, name: str) -> bool:
        """Whether some file of the dataset has this name."""
        digits = r"\d+" if self.parts else ""
        return bool(re.fullmatch(re.escape(self.stem(dataset)) + digits + re.escape(self._suffix), name))


def into_files(stream: Iterable[Drawn], *, limit: int | None, format_of: FormatOf) -> Iterator[Portion]:
    """Deal the records to numbered files of at most `limit` bytes, header included; without a limit, to file 0 only.

    A record longer than the limit gets a file of its own.
    """
    number, used = 0, 0
    for drawn in stream:
        first, count = 0, len(next(iter(drawn.values())))
        while first < count:
            form = format_of(number)
            records = drawn[form]
            room = None if limit is None else limit - len(form.header) - used
            stop = count if room is None else _fitting(records, first, room)
            if used == 0:
                stop = max(stop, first + 1)
            if stop > first:
                portion = records.part(first, stop)
                used += len(portion.text)
                first = stop
                yield number, portion
            if first < count:
                number, used = number + 1, 0


def up_to_records(portions: Iterable[Portion], count: int) -> Iterator[Portion]:
    """The first `count` records."""
    remaining = count
    for number, records in portions:
        if len(records) >= remaining:
            yield number, records.part(0, remaining)
            return
        remaining -= len(records)
        yield number, records


def up_to_bytes(portions: Iterable[Portion], size: int, *, format_of: FormatOf) -> Iterator[Portion]:
    """The first records: so many that the files, headers included, come closest to `size` bytes in total."""
    remaining, headed = size, -1
    for number, records in portions:
        if number != headed:
            remaining, headed = remaining - len(format_of(number).header), number
        if len(records.text) >= remaining:
            boundaries = np.concatenate(([0], records.ends))
            nearest = int(np.argmin(np.abs(boundaries - remaining)))
            if nearest:
                yield number, records.part(0, nearest)
            return
        remaining -= len(records.text)
        yield number, records


def _fitting(records: Records, first: int, room: int) -> int:
    """The index just after the last record that fits, if the records from `first` on have `room` bytes."""
    start = int(records.ends[first - 1]) if first else 0
    return max(first, int(np.searchsorted(records.ends, start + room, side="right")))


def gzipped(blocks: Iterable[Bytes], *, truncated: bool) -> Iterator[bytes]:
    """The blocks as one gzip file; the end is missing if `truncated`.

    The gzip header holds no name and no time, so equal blocks give equal files.
    """
    packer = zlib.compressobj(_FAST, wbits=_GZIP)
    for block in blocks:
        yield packer.compress(block)
    yield packer.flush(zlib.Z_SYNC_FLUSH if truncated else zlib.Z_FINISH)
