"""Finds where the records of a CSV text begin, also in the middle of a file.

Only a line break outside of quotes ends a record, so the quotes before a position tell whether a record can begin there. Where these quotes
are unknown, both readings are compared: in the wrong one a quote soon stands where none can.
"""

import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from contract.rejects import BYTES

csv.field_size_limit(sys.maxsize)  # a field may be as long as a record; the limit is the whole process's

_QUOTE, _BREAK, _RETURN = (ord(sign) for sign in '"\n\r')
COMPARED = 20
"""Records that are read both ways if all quotes fit in both readings: the next ones would tell no more."""


def _table(signs: bytes) -> np.ndarray:
    found = np.zeros(256, bool)
    found[list(signs)] = True
    return found


_BEFORE_OPENING, _AFTER_CLOSING = _table(b',\n"'), _table(b',\r\n"')
_MAY_BEGIN_BLANK = _table(bytes([*range(0x21), 0x7F, 0xC2, 0xE1, 0xE2, 0xE3]))
_BLANK = re.compile(rb"[\x00-\x20\x7f]|\xc2[\x80-\xa0]|\xe1\x9a\x80|\xe2[\x80\x81]|\xe3\x80\x80")
"""The line begins with white space or a control character, in UTF-8: it may be blank, and a blank line is not a record."""


@dataclass(frozen=True)
class Scan:
    """Where the lines outside of quotes end: `ends` are the positions after them, `empty` those of empty lines.

    `odd` is the first position where quotes and line breaks alone do not tell what the text means; None if there is none.
    """

    ends: np.ndarray
    empty: np.ndarray
    odd: int | None

    def records(self, end: int) -> int:
        """The number of records that end at or before `end`; empty lines are none."""
        return int(np.searchsorted(self.ends, end, "right") - np.searchsorted(self.empty, end, "right"))

    def last_end(self, before: int) -> int:
        """The last position at or before `before` where a record can begin."""
        index = int(np.searchsorted(self.ends, before, "right"))
        return int(self.ends[index - 1]) if index else 0


def scan(content: memoryview, *, anywhere: bool = False, inside: bool = False, at_end: bool = False) -> Scan:
    """A text that begins with a record; or `anywhere`, then `inside` says whether within quotes. `at_end` if the file ends with it."""
    signs = np.frombuffer(content, np.uint8)
    quotes = np.flatnonzero(signs == _QUOTE)
    breaks = np.flatnonzero(signs == _BREAK)
    ends = breaks[_are_outside(breaks, quotes, inside=inside)] + 1
    if at_end and (not len(ends) or ends[-1] < len(signs)):
        ends = np.append(ends, len(signs))
    starts = ends if anywhere else np.concatenate([np.zeros(1, ends.dtype), ends])
    starts = starts[starts < len(signs)]
    blank = starts[_MAY_BEGIN_BLANK[signs[starts]]]
    is_empty = _are_empty(blank, signs)
    odd = [
        *_odd_quotes(signs, quotes, inside=inside, at_end=at_end),
        *_lone_returns(content, signs, quotes, inside=inside),
        *_first(start for start in blank[~is_empty].tolist() if _BLANK.match(content[start : start + 3])),
    ]
    empty_ends = np.searchsorted(ends, blank[is_empty], "right")
    return Scan(ends, ends[empty_ends[empty_ends < len(ends)]], min(odd, default=None))


def _are_outside(positions: np.ndarray, quotes: np.ndarray, *, inside: bool) -> np.ndarray:
    if not len(quotes):
        return np.full(len(positions), not inside)
    outside: np.ndarray = (np.searchsorted(quotes, positions) & 1) == inside
    return outside


def _are_empty(starts: np.ndarray, signs: np.ndarray) -> np.ndarray:
    following = signs[np.minimum(starts + 1, len(signs) - 1)]
    empty: np.ndarray = (signs[starts] == _BREAK) | ((signs[starts] == _RETURN) & (following == _BREAK))
    return empty


def _odd_quotes(signs: np.ndarray, quotes: np.ndarray, *, inside: bool, at_end: bool) -> Iterator[int]:
    """The first quote of each kind that neither opens nor closes a field nor is doubled."""
    opening, closing = quotes[inside::2], quotes[not inside :: 2]
    if at_end and len(opening) + inside > len(closing):  # the last one is never closed
        yield int(opening[-1]) if len(opening) else 0
    opening, closing = opening[opening > 0], closing[closing + 1 < len(signs)]
    yield from _first(opening[~_BEFORE_OPENING[signs[opening - 1]]])
    yield from _first(closing[~_AFTER_CLOSING[signs[closing + 1]]])


def _lone_returns(
    content: memoryview, signs: np.ndarray, quotes: np.ndarray, *, inside: bool
) -> Iterator[int]:
    """The first carriage return outside of quotes that no line feed follows."""
    returns = np.flatnonzero(signs == _RETURN)
    returns = returns[returns + 1 < len(content)]
    lone = returns[signs[returns + 1] != _BREAK]
    yield from _first(lone[_are_outside(lone, quotes, inside=inside)])


def _first(positions: "np.ndarray | Iterator[int]") -> Iterator[int]:
    return (int(position) for position in islice(positions, 1))


def guess_start(window: memoryview, width: int, *, at_end: bool, is_last: bool = False) -> int | None:
    """Where the first record begins after the first byte of a window into a file of `width` columns.

    None if no record begins there, or if a longer window is needed to tell; of the `is_last` window no longer one exists. It is a guess:
    who reads the text before the window knows better.
    """
    outside, inside = (scan(window, anywhere=True, inside=state, at_end=at_end) for state in (False, True))
    of_outside, of_inside = (_odd_place(found) for found in (outside, inside))
    if of_outside == of_inside:  # there are no quotes, or all of them fit in both readings
        of_outside, of_inside = (_fitting(window, found, width) for found in (outside, inside))
        if of_outside == of_inside and not is_last:
            return None
    chosen = inside if of_inside > of_outside else outside
    # at the end of the file no record begins
    return next((end for end in chosen.ends[:1].tolist() if not at_end or end < len(window)), None)


def _odd_place(found: Scan) -> float:
    return float("inf") if found.odd is None else found.odd


def _fitting(window: memoryview, found: Scan, width: int) -> int:
    """How many of the first whole records have all fields."""
    ends = found.ends[: COMPARED + 1]
    if len(ends) <= 1:  # there is no whole record
        return 0
    text = str(window[int(ends[0]) : int(ends[-1])], BYTES).replace("\x00", " ")
    try:
        return sum(len(fields) == width for fields in csv.reader(io.StringIO(text, newline="\n")))
    except csv.Error:
        return 0
