"""Where a stream of records ends, and where its files begin: always at a record boundary."""

from collections.abc import Iterable, Iterator

import numpy as np

from faker_tool.format import FormatOf
from faker_tool.records import Drawn, Records

Piece = tuple[int, Records]
"""The number of a file, from 0, and the records that come next in it."""


def into_files(stream: Iterable[Drawn], *, limit: int | None, format_of: FormatOf) -> Iterator[Piece]:
    """Number the files so that each, with its header, has at most `limit` bytes; all in file 0 without a limit.

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
                piece = records.part(first, stop)
                used += len(piece.text)
                first = stop
                yield number, piece
            if first < count:
                number, used = number + 1, 0


def up_to_records(pieces: Iterable[Piece], count: int) -> Iterator[Piece]:
    """The first `count` records."""
    left = count
    for number, records in pieces:
        if len(records) >= left:
            yield number, records.part(0, left)
            return
        left -= len(records)
        yield number, records


def up_to_bytes(pieces: Iterable[Piece], size: int, *, format_of: FormatOf) -> Iterator[Piece]:
    """The records whose files, with their headers, come closest to `size` bytes in all."""
    left, headed = size, -1
    for number, records in pieces:
        if number != headed:
            left, headed = left - len(format_of(number).header), number
        if len(records.text) >= left:
            boundaries = np.concatenate(([0], records.ends))
            nearest = int(np.argmin(np.abs(boundaries - left)))
            if nearest:
                yield number, records.part(0, nearest)
            return
        left -= len(records.text)
        yield number, records


def _fitting(records: Records, first: int, room: int) -> int:
    """The record before which to stop so that those from `first` on take at most `room` bytes."""
    start = int(records.ends[first - 1]) if first else 0
    return max(first, int(np.searchsorted(records.ends, start + room, side="right")))
