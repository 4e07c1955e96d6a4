"""Which task reads which files."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from spark_jobs.reading import Source

_MOST = 128 * 1024 * 1024
_OPENING = 4 * 1024 * 1024
"""Bytes for a task at most, and what opening a file costs, in bytes: both as Spark has them for its own readers."""


@dataclass(frozen=True)
class Readable:
    """A file in the working zone, or a part of one that was cut, whose `number` it has then.

    `source` is the place of its source among those given, `uri` its address, percent-encoded as Spark gives it.
    """

    number: int
    source: int
    uri: str
    size: int


def readable_files(sources: Sequence[Source]) -> list[Readable]:
    """All files of the sources; a part's size is the average one."""
    return [
        Readable(file.number, place, quote(uri, safe=":/="), file.size // len(file.targets))
        for place, source in enumerate(sources)
        for file in source.files
        for uri in source.layout.uris(file)
    ]


def divided(files: Sequence[Readable], cores: int) -> tuple[tuple[Readable, ...], ...]:
    """Shares of about the same size, the greatest first; enough to keep that many cores busy."""
    total = sum(map(_cost, files))
    share = min(_MOST, max(_OPENING, -(-total // cores)))
    shares: list[tuple[int, int, list[Readable]]] = [
        (0, place, []) for place in range(min(len(files), -(-total // share)))
    ]
    for file in sorted(files, key=_cost, reverse=True):
        cost, place, held = shares[0]  # the smallest by now
        held.append(file)
        heapq.heapreplace(shares, (cost + _cost(file), place, held))
    return tuple(tuple(held) for _, _, held in sorted(shares, reverse=True))


def _cost(file: Readable) -> int:
    return file.size + _OPENING
