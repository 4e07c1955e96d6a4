"""Names, titles, URLs and prose, put together from templates like `https://.../{key}{title_slug}`."""

from collections.abc import Callable
from string import Formatter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog import Column
from faker_tool.chunk import ROWS, Chunk, Flags, Integers, shared
from faker_tool.numbers import Draw, as_text, keys
from faker_tool.pools import ENTRIES, LOCALES, SLUGGED

Part = Callable[[Chunk], pa.StringArray]

_LONGEST_PROSE = 24  # sentences
_IN_SERIES = 0.4  # share of books
_PARAGRAPHS = 0.15  # share of texts with a blank line after each sentence
_TOKEN_LETTERS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
_TOKEN_LENGTH = 13


@shared
def _locale(chunk: Chunk) -> Integers:
    """Index of each record's locale: one for all its texts."""
    return chunk.rng.integers(0, len(LOCALES), ROWS)


@shared
def pictured(chunk: Chunk) -> Flags:
    """Whether each record has a picture: one in two."""
    return chunk.rng.random(ROWS) < 1 / 2


@shared
def _uploaded(chunk: Chunk) -> pa.StringArray:
    """When each picture was uploaded, in seconds since 1970."""
    return as_text(chunk.rng.integers(1_200_000_000, 1_580_000_000, ROWS))


@shared
def _entry(chunk: Chunk, pool: str) -> Integers:
    """Index into the pool, and into the pools that go with it, for each record."""
    per_locale = len(chunk.pools[pool]) // len(LOCALES)
    return _locale(chunk) * per_locale + chunk.rng.integers(0, per_locale, ROWS)


def _pooled(pool: str) -> Part:
    """An entry of the pool; a slug is that of the entry its text has."""
    drawn_for = pool.removesuffix("_slug")
    return lambda chunk: chunk.pools[pool].take(pa.array(_entry(chunk, drawn_for)))


def _prose(sentences: float) -> Part:
    """Sentences of one locale, that many on average; in some records with line breaks."""

    def draw(chunk: Chunk) -> pa.StringArray:
        counts = np.minimum(chunk.rng.geometric(1 / sentences, ROWS), _LONGEST_PROSE)
        ends = np.cumsum(counts)
        entries = np.repeat(_locale(chunk) * ENTRIES, counts) + chunk.rng.integers(0, ENTRIES, ends[-1])
        offsets = pa.array(np.concatenate(([0], ends)).astype(np.int32))
        written = pa.ListArray.from_arrays(offsets, chunk.pools["sentence"].take(pa.array(entries)))
        spaced = pa.array(chunk.rng.random(ROWS) < _PARAGRAPHS)
        return pc.binary_join(written, pc.if_else(spaced, "\n\n", " "))

    return draw


def _token(chunk: Chunk) -> pa.StringArray:
    letters = _TOKEN_LETTERS[chunk.rng.integers(0, 36, (ROWS, _TOKEN_LENGTH))]
    offsets = np.arange(ROWS + 1, dtype=np.int32) * _TOKEN_LENGTH
    return pa.StringArray.from_buffers(ROWS, pa.py_buffer(offsets), pa.py_buffer(letters))


def _series(chunk: Chunk) -> pa.StringArray:
    volume = as_text(chunk.rng.integers(1, 10, ROWS))
    named = pc.binary_join_element_wise(" (", _pooled("title_head")(chunk), ", #", volume, ")", "")
    return pc.if_else(pa.array(chunk.rng.random(ROWS) < _IN_SERIES), named, "")


_PARTS: dict[str, Part] = {
    "key": lambda chunk: as_text(keys(chunk)),
    "uploaded": _uploaded,
    "token": _token,
    "series": _series,
    "sentence": _prose(1),
    "blurb": _prose(3),
    "review": _prose(4.3),
    **{pool: _pooled(pool) for pool in ("given", "family", "street", "place", "company")},
    **{pool: _pooled(pool) for pool in ("title_head", "title_tail")},
    **{f"{pool}_slug": _pooled(f"{pool}_slug") for pool in SLUGGED},
}


def text(template: str) -> Draw:
    """Texts with each `{part}` of the template filled in; KeyError names a part that does not exist."""
    pieces: list[str | Part] = []
    for literal, part, _, _ in Formatter().parse(template):
        pieces += [literal] if literal else []
        pieces += [_PARTS[part]] if part else []

    def draw(chunk: Chunk, _: Column) -> pa.StringArray:
        filled = [piece if isinstance(piece, str) else piece(chunk) for piece in pieces]
        return pc.binary_join_element_wise(*filled, "")

    return draw


def one_of(shares: dict[str, float]) -> Draw:
    """One of the texts, each in its share of the records; the shares add up to 1."""
    texts = pa.array(list(shares))
    return lambda chunk, _: texts.take(pa.array(chunk.rng.choice(len(shares), ROWS, p=list(shares.values()))))
