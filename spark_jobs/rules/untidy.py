"""Tells from the bytes of a whole column which texts clean-up may change: the expression of `in_sql.py` is for these few only."""

from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa

_BLOCK = 256 * 1024  # bytes that stay in the processor's cache
_SPACE, _DELETE, _NOT_ASCII = 0x20, 0x7F, 0x80
_OF_TWO_BYTES, _LAST_OF_TWO = 0xC2, 0xA0
_OF_THREE_BYTES = (
    "\u1680",
    *map(chr, range(0x2000, 0x200B)),
    "\u2028",
    "\u2029",
    "\u202f",
    "\u205f",
    "\u3000",
)
"""The white space of Unicode beside ASCII's. U+0080 to U+00A0 have two bytes: 0xC2, and 0xA0 at most; these have three."""

_BEGINNINGS = sorted({sign.encode()[:2] for sign in _OF_THREE_BYTES})
_THREE_BYTES = np.array([int.from_bytes(sign.encode()) for sign in _OF_THREE_BYTES])


def may_change(texts: pa.StringArray, missing: Collection[str]) -> np.ndarray:
    """Whether clean-up may change each text: an array of bool. Empty texts and NULL are not among them.

    It may, if the text has other white space than single spaces between words, or a control character, or is as long as one of the
    spellings of NULL.
    """
    found = np.zeros(len(texts), bool)
    if not len(texts):
        return found
    offsets, signs = _offsets_and_bytes(texts)
    starts, ends = offsets[:-1], offsets[1:]
    lengths = ends - starts
    some = np.flatnonzero(lengths)
    found[some] = (signs[starts[some]] == _SPACE) | (signs[ends[some] - 1] == _SPACE)
    if places := list(_odd_places(signs)):
        found[np.searchsorted(ends, np.concatenate(places), "right")] = True
    if missing:
        found |= np.isin(lengths, [len(spelling.encode()) for spelling in missing])
    return found


def _offsets_and_bytes(texts: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """Where each text begins and the last one ends, and the bytes of all texts."""
    _, offsets, content = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    signs = np.frombuffer(content, np.uint8) if content else np.empty(0, np.uint8)
    return bounds - bounds[0], signs[bounds[0] : bounds[-1]]


def _odd_places(signs: np.ndarray) -> Iterator[np.ndarray]:
    """The positions of control characters, of white space that is not a space, and of spaces that follow a space."""
    for start in range(0, len(signs), _BLOCK):
        block = signs[start : start + _BLOCK + 1]  # and the first byte of the next block: it may be a space
        spaces = block == _SPACE
        odd = (block < _SPACE) | (block == _DELETE)
        odd[1:] |= spaces[1:] & spaces[:-1]
        if odd.any():  # most blocks have none, and this is told sooner
            yield np.flatnonzero(odd) + start
        if block.max() >= _NOT_ASCII:
            yield _not_ascii(signs, start)


def _not_ascii(signs: np.ndarray, start: int) -> np.ndarray:
    """The positions in the block that begins at `start` of white space and control characters with several bytes."""
    second = signs[start + 1 : start + 1 + _BLOCK]
    first = signs[start : start + len(second)]
    two = (first == _OF_TWO_BYTES) & (second <= _LAST_OF_TWO)
    three = np.zeros(len(first), bool)
    for beginning in _BEGINNINGS:
        three |= (first == beginning[0]) & (second == beginning[1])
    places = np.flatnonzero(three) + start
    code = sum(signs[places + byte].astype(np.int64) << 8 * (2 - byte) for byte in range(3))
    return np.concatenate([np.flatnonzero(two) + start, places[np.isin(code, _THREE_BYTES)]])
