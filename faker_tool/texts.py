"""Names, titles, URLs and prose, put together from templates like `https://.../{key}{title_slug}`.

They come out as CSV fields. Which of them need quotes is known from their parts, and nobody has to look for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from string import Formatter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog import Column
from faker_tool.chunk import ROWS, Chunk, Flags, Integers, shared
from faker_tool.numbers import Draw, as_text, keys
from faker_tool.pools import ENTRIES, LOCALES, SLUGGED, doubled, is_special


@dataclass(frozen=True)
class Written:
    """A text for every record, quotes doubled, or the same for all; which, or whether all, need quotes around."""

    texts: pa.StringArray | str
    special: Flags | bool = False


Part = Callable[[Chunk], Written]

_LONGEST_PROSE = 24  # sentences
_IN_SERIES = 0.4  # share of books
_DESCRIBED = 0.13
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
def described(chunk: Chunk) -> Flags:
    """Whether each book has a description."""
    return chunk.rng.random(ROWS) < _DESCRIBED


@shared
def _uploaded(chunk: Chunk) -> pa.StringArray:
    """When each picture was uploaded, in seconds since 1970."""
    return as_text(chunk.rng.integers(1_200_000_000, 1_580_000_000, ROWS))


@shared
def _entry(chunk: Chunk, pool: str) -> Integers:
    """Index into the pool, and into the pools that go with it, for each record."""
    per_locale = len(chunk.pools[pool].texts) // len(LOCALES)
    return _locale(chunk) * per_locale + chunk.rng.integers(0, per_locale, ROWS)


def _pooled(pool: str) -> Part:
    """An entry of the pool; a slug is that of the entry its text has."""

    def draw(chunk: Chunk) -> Written:
        entries, drawn = _entry(chunk, pool.removesuffix("_slug")), chunk.pools[pool]
        return Written(drawn.texts.take(pa.array(entries)), drawn.special[entries])

    return draw


def _prose(sentences: float, is_written: Callable[[Chunk], Flags] | None = None) -> Part:
    """Sentences of one locale, that many on average, or none unless `is_written`; in some records with line breaks."""

    def draw(chunk: Chunk) -> Written:
        counts = np.minimum(chunk.rng.geometric(1 / sentences, ROWS), _LONGEST_PROSE)
        if is_written:
            counts *= is_written(chunk)
        ends = np.cumsum(counts)
        entries = np.repeat(_locale(chunk) * ENTRIES, counts) + chunk.rng.integers(0, ENTRIES, ends[-1])
        offsets = np.concatenate(([0], ends))
        pool = chunk.pools["sentence"]
        written = pa.ListArray.from_arrays(
            pa.array(offsets.astype(np.int32)), pool.texts.take(pa.array(entries))
        )
        spaced = chunk.rng.random(ROWS) < _PARAGRAPHS
        specials_before = np.concatenate(([0], np.cumsum(pool.special[entries])))[offsets]
        return Written(
            pc.binary_join(written, pc.if_else(pa.array(spaced), "\n\n", " ")),
            (np.diff(specials_before) > 0) | (spaced & (counts > 1)),
        )

    return draw


def _token(chunk: Chunk) -> Written:
    letters = _TOKEN_LETTERS[chunk.rng.integers(0, 36, (ROWS, _TOKEN_LENGTH))]
    offsets = np.arange(ROWS + 1, dtype=np.int32) * _TOKEN_LENGTH
    return Written(pa.StringArray.from_buffers(ROWS, pa.py_buffer(offsets), pa.py_buffer(letters)))


def _series(chunk: Chunk) -> Written:
    volume = as_text(chunk.rng.integers(1, 10, ROWS))
    named = pc.binary_join_element_wise(" (", _pooled("title_head")(chunk).texts, ", #", volume, ")", "")
    in_series = chunk.rng.random(ROWS) < _IN_SERIES
    return Written(pc.if_else(pa.array(in_series), named, ""), in_series)  # its comma is special


_PARTS: dict[str, Part] = {
    "key": lambda chunk: Written(as_text(keys(chunk))),
    "uploaded": lambda chunk: Written(_uploaded(chunk)),
    "token": _token,
    "series": _series,
    "sentence": _prose(1),
    "blurb": _prose(3, described),
    "review": _prose(4.3),
    **{pool: _pooled(pool) for pool in ("given", "family", "street", "place", "company")},
    **{pool: _pooled(pool) for pool in ("title_head", "title_tail")},
    **{f"{pool}_slug": _pooled(f"{pool}_slug") for pool in SLUGGED},
}


def text(template: str) -> Draw:
    """Texts with each `{part}` of the template filled in; KeyError names a part that does not exist."""
    pieces: list[Part] = []
    for literal, part, _, _ in Formatter().parse(template):
        pieces += [_same(literal)] if literal else []
        pieces += [_PARTS[part]] if part else []

    def draw(chunk: Chunk, _: Column) -> pa.StringArray:
        filled = [piece(chunk) for piece in pieces]
        special = reduce(np.logical_or, (written.special for written in filled))
        texts = [written.texts for written in filled]
        if np.any(special):
            quote = pc.if_else(pa.array(np.broadcast_to(special, ROWS)), '"', "")
            texts = [quote, *texts, quote]
        return pc.binary_join_element_wise(*texts, "")

    return draw


def _same(literal: str) -> Part:
    written = Written(doubled(literal), is_special(literal))
    return lambda _: written


def one_of(shares: dict[str, float]) -> Draw:
    """One of the texts, each in its share of the records; the shares add up to 1."""
    fields = pa.array([f'"{doubled(each)}"' if is_special(each) else each for each in shares])
    return lambda chunk, _: fields.take(
        pa.array(chunk.rng.choice(len(shares), ROWS, p=list(shares.values())))
    )
