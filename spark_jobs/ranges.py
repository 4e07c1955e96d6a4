"""Divides files into byte ranges and ranges among tasks, and compares what the tasks say about the borders."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

_Name = TypeVar("_Name")

_MOST = 128 * 1024 * 1024
_OPENING = 4 * 1024 * 1024
"""The bytes of a task if there are many tasks, and the cost of opening a file in bytes: Spark's own defaults for its readers.

Openings divide files among tasks, and call for no further tasks: a task that starts costs as much as many of them.
"""

_GROUP = 128 * 1024 * 1024
"""The bytes of text whose keys are one group: its rows are in memory together."""

_MOST_GROUPS, _MOST_HELD_GROUPS = 1024, 256
"""The most groups of a dataset, and those of a task that has all of a dataset: each has an open file there."""

_UNPACKED, _UNPACKED_AT_MOST = 10, 64
"""How many bytes a byte of gzip is taken to unpack to: texts of reviews unpack to three times their size, numbers to more.

Where memory depends on it, to more than any file of records is likely to.
"""


@dataclass(frozen=True, kw_only=True)
class Range:
    """The records of an object that begin from byte `start` to before `end`.

    `uri` is the object's address, `size` all its bytes. The first record begins at `begin`, and `before` records of the file precede
    it; None if a task has to find out. gzip is one range: `end` is None.
    """

    file_number: int
    uri: str
    size: int
    start: int = 0
    end: int | None = None
    begin: int | None = None
    before: int = 0

    @property
    def first_byte(self) -> int:
        """Where a task starts to read: the byte before a range tells whether a record begins with the range."""
        if self.start == 0:
            return 0
        return self.start - 1 if self.begin is None else self.begin

    @property
    def is_whole(self) -> bool:
        """Whether the range is the whole object."""
        return self.start == 0 and self.end in {None, self.size}

    @property
    def bytes(self) -> int:
        """The size of the range."""
        return self.size if self.end is None else self.end - self.start

    @property
    def text_bytes(self) -> int:
        """About the size of its text."""
        return self.bytes * _UNPACKED if self.end is None else self.bytes

    @property
    def held_bytes(self) -> int:
        """The size of its text, where it must not be more."""
        return self.bytes * _UNPACKED_AT_MOST if self.end is None else self.bytes


@dataclass(frozen=True)
class Borders:
    """Where the first record of a range began, and where the first record after the range begins; None if no record began in it."""

    begin: int | None
    after: int


def cores_of(sizes: Mapping[_Name, int], cores: int) -> dict[_Name, int]:
    """How many of `cores` cores each dataset gets, by its bytes; at least one."""
    total = max(1, sum(sizes.values()))
    return {name: max(1, round(cores * size / total)) for name, size in sizes.items()}


def groups_of(ranges: Sequence[Range]) -> int:
    """The number of groups of keys; one group fits into a task's memory."""
    return min(_MOST_GROUPS, 1 + sum(part.text_bytes for part in ranges) // _GROUP)


def held_groups_of(ranges: Sequence[Range]) -> int:
    """The same for a task that has all of them: more groups cost nothing there, so they fit whatever gzip unpacks to."""
    return 1 + sum(part.held_bytes for part in ranges) // _GROUP


def can_be_held(ranges: Sequence[Range]) -> bool:
    """Whether one task can hold all records of the ranges, in memory and on its disk."""
    return held_groups_of(ranges) <= _MOST_HELD_GROUPS


def divided(objects: Sequence[Range], cores: int) -> list[Range]:
    """Ranges of whole objects, small enough to keep `cores` cores busy."""
    share = _share(objects, cores)
    return [part for each in objects for part in cut(each, share)]


def tasks_of(ranges: Sequence[Range], cores: int) -> tuple[tuple[int, ...], ...]:
    """The indexes of each task's ranges: tasks of about the same size, the greatest first."""
    number = min(len(ranges), -(-sum(map(_cost, ranges)) // _share(ranges, cores)))
    tasks: list[tuple[int, int, list[int]]] = [(0, task, []) for task in range(number)]
    for index in sorted(range(len(ranges)), key=lambda index: _cost(ranges[index]), reverse=True):
        cost, task, held = tasks[0]  # the smallest task so far
        held.append(index)
        heapq.heapreplace(tasks, (cost + _cost(ranges[index]), task, held))
    return tuple(tuple(held) for _, _, held in sorted(tasks, reverse=True))


def _share(ranges: Sequence[Range], cores: int) -> int:
    """The cost of a task. What one core can do alone is one task: no other task has the same keys then."""
    cost = sum(map(_cost, ranges))
    is_alone = cores == 1 and can_be_held(ranges)
    tasks = 1 if is_alone else max(cores, -(-sum(part.bytes for part in ranges) // _MOST))
    return max(_OPENING, -(-cost // tasks))


def _cost(part: Range) -> int:
    return part.bytes + _OPENING


def cut(whole: Range, size: int) -> list[Range]:
    """An object in ranges of about `size` bytes; gzip stays whole."""
    if whole.end is None:
        return [whole]
    number = max(1, -(-whole.size // size))
    bounds = [whole.size * index // number for index in range(number + 1)]
    return [
        replace(whole, start=start, end=end, begin=None if start else whole.begin)
        for start, end in pairwise(bounds)
    ]


def corrected(ranges: Sequence[Range], found: Sequence[Borders]) -> list[Range]:
    """The ranges of one object with the right beginnings; the same ranges if all of them were read right.

    An object with wrong borders in a second reading becomes one range: its quotes tell too little.
    """
    wrong = misread(ranges, found)
    if wrong and any(part.begin is not None for part in ranges):
        return [replace(ranges[0], end=ranges[0].size)]
    return [
        replace(part, begin=wrong[index]) if index in wrong else part for index, part in enumerate(ranges)
    ]


def misread(ranges: Sequence[Range], found: Sequence[Borders]) -> dict[int, int]:
    """Where the records of the wrongly guessed ranges of one object begin, by index.

    A range was read right if it began where the range before it ended. The first one begins with the object. So the whole object was
    read right if there is no entry.
    """
    wrong: dict[int, int] = {}
    after: int | None = None
    for index, (part, borders) in enumerate(zip(ranges, found, strict=True)):
        if after is not None and borders.begin != (after if part.end is None or after < part.end else None):
            wrong[index] = after
            after = None  # unknown, until the range was read again
        elif index == 0 or borders.begin is not None:
            after = borders.after
    return wrong
