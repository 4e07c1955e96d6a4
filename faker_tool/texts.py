"""Names, titles, URLs and prose, put together from templates like `https://.../{key}{title_head_slug}`.

The parts are Faker's names, addresses and words, drawn into pools once per process. Texts come out as CSV fields. Whether
a text needs quotes is known from its parts, without a search of the text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, reduce
from string import Formatter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from faker import Faker

from catalog import Column
from faker_tool.chunk import ROWS, Chunk, Flags, Integers, shared
from faker_tool.values import Draw, as_text, keys

LOCALES = ("it_IT", "en_US", "hi_IN", "ja_JP")
ENTRIES = 1000
"""Entries of a pool for each locale; two pools joined give a million combinations for each locale."""

SLUGGED = ("given", "family", "title_head", "title_tail")
"""Pools whose entries also appear in URLs."""

_LONGEST_PROSE = 24  # sentences
_IN_SERIES = 0.4  # share of books
_DESCRIBED = 0.13
_PARAGRAPHS = 0.15  # share of texts with a blank line after each sentence
_TOKEN_LETTERS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
_TOKEN_LENGTH = 13


@dataclass(frozen=True)
class Pool:
    """Texts as they stand within a quoted CSV field (quotes doubled); `special` says which texts need to be quoted."""

    texts: pa.StringArray
    special: npt.NDArray[np.bool_]


Pools = dict[str, Pool]


@cache
def pools(*, with_quotes: bool = True) -> Pools:
    """Pools by name, always the same: `ENTRIES` texts for the first of `LOCALES`, then for the next, and so on.

    Without `with_quotes`, texts have apostrophes instead of quotes. A street ends with the address's line break, if there
    is one, so that its town can follow directly. A `..._slug` is what an entry contributes to a URL: nothing if its
    script is not Latin.
    """
    texts = _texts()
    slugs = {f"{name}_slug": [_slug(text) for text in texts[name]] for name in SLUGGED}
    return {
        name: _pool(entries if with_quotes else [text.replace('"', "'") for text in entries])
        for name, entries in (texts | slugs).items()
    }


def is_special(text: str) -> bool:
    """Whether RFC 4180 demands quotes around the text."""
    return re.search('[",\r\n]', text) is not None


def doubled(text: str) -> str:
    """The text with each of its quotes doubled."""
    return text.replace('"', '""')


def _pool(entries: list[str]) -> Pool:
    texts = pa.array([doubled(text) for text in entries], pa.string())
    return Pool(texts, np.array([is_special(text) for text in entries]))


@cache
def _texts() -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for locale in LOCALES:
        fake = Faker(locale)
        fake.seed_instance(0)
        for name, entries in _entries(fake).items():
            texts.setdefault(name, []).extend(entries)
    return texts


def _entries(fake: Faker) -> dict[str, list[str]]:
    # A Japanese address has one line only: it is all street.
    addresses = [fake.address().partition("\n") for _ in range(ENTRIES)]
    return {
        "given": [fake.first_name() for _ in range(ENTRIES)],
        "family": [fake.last_name() for _ in range(ENTRIES)],
        "street": [street + line_end for street, line_end, _ in addresses],
        "town": [town for _, _, town in addresses],
        "company": [fake.company() for _ in range(ENTRIES)],
        "title_head": [" ".join(fake.words(1 + entry % 2)).title() for entry in range(ENTRIES)],
        "title_tail": [fake.word().title() for _ in range(ENTRIES)],
        "sentence": [_sentence(fake, entry) for entry in range(ENTRIES)],
    }


def _sentence(fake: Faker, entry: int) -> str:
    """A sentence; some with a comma, some with speech in quotes, so that CSV quoting is exercised."""
    sentence = fake.sentence()
    match entry % 8:
        case 0:
            return f'"{sentence}" {fake.sentence()}'
        case 1 | 2 | 3:
            return sentence.replace(" ", ", ", 1)
        case _:
            return sentence


def _slug(text: str) -> str:
    words = re.findall("[a-z0-9]+", text.lower())
    return "".join(f"-{word}" for word in words)


@dataclass(frozen=True)
class Texts:
    """A text for every record, or one text for all records, quotes doubled; `special` says which need to be quoted."""

    texts: pa.StringArray | str
    special: Flags | bool = False


Filling = Callable[[Chunk], Texts]


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
    per_locale = len(pools(with_quotes=chunk.with_quotes)[pool].texts) // len(LOCALES)
    return _locale(chunk) * per_locale + chunk.rng.integers(0, per_locale, ROWS)


def _pooled(pool: str) -> Filling:
    """An entry of the pool for each record; a slug belongs to the entry drawn for the same record."""

    def draw(chunk: Chunk) -> Texts:
        entries, drawn = _entry(chunk, pool.removesuffix("_slug")), pools(with_quotes=chunk.with_quotes)[pool]
        return Texts(drawn.texts.take(pa.array(entries)), drawn.special[entries])

    return draw


def _prose(sentences: float, is_written: Callable[[Chunk], Flags] | None = None) -> Filling:
    """Prose of `sentences` sentences on average, in the record's locale, some with blank lines between them.

    Records for which `is_written` is false get no text.
    """

    def draw(chunk: Chunk) -> Texts:
        counts = np.minimum(chunk.rng.geometric(1 / sentences, ROWS), _LONGEST_PROSE)
        if is_written:
            counts *= is_written(chunk)
        ends = np.cumsum(counts)
        entries = np.repeat(_locale(chunk) * ENTRIES, counts) + chunk.rng.integers(0, ENTRIES, ends[-1])
        offsets = np.concatenate(([0], ends))
        pool = pools(with_quotes=chunk.with_quotes)["sentence"]
        written = pa.ListArray.from_arrays(
            pa.array(offsets.astype(np.int32)), pool.texts.take(pa.array(entries))
        )
        spaced = chunk.rng.random(ROWS) < _PARAGRAPHS
        specials_before = np.concatenate(([0], np.cumsum(pool.special[entries])))[offsets]
        return Texts(
            pc.binary_join(written, pc.if_else(pa.array(spaced), "\n\n", " ")),
            (np.diff(specials_before) > 0) | (spaced & (counts > 1)),
        )

    return draw


def _token(chunk: Chunk) -> Texts:
    letters = _TOKEN_LETTERS[chunk.rng.integers(0, 36, (ROWS, _TOKEN_LENGTH))]
    offsets = np.arange(ROWS + 1, dtype=np.int32) * _TOKEN_LENGTH
    return Texts(pa.StringArray.from_buffers(ROWS, pa.py_buffer(offsets), pa.py_buffer(letters)))


def _series(chunk: Chunk) -> Texts:
    volume = as_text(chunk.rng.integers(1, 10, ROWS))
    named = pc.binary_join_element_wise(" (", _pooled("title_head")(chunk).texts, ", #", volume, ")", "")
    in_series = chunk.rng.random(ROWS) < _IN_SERIES
    return Texts(pc.if_else(pa.array(in_series), named, ""), in_series)  # its comma is special


_FILLINGS: dict[str, Filling] = {
    "key": lambda chunk: Texts(as_text(keys(chunk))),
    "uploaded": lambda chunk: Texts(_uploaded(chunk)),
    "token": _token,
    "series": _series,
    "sentence": _prose(1),
    "blurb": _prose(3, described),
    "review": _prose(4.3),
    **{pool: _pooled(pool) for pool in ("given", "family", "street", "town", "company")},
    **{pool: _pooled(pool) for pool in ("title_head", "title_tail")},
    **{f"{pool}_slug": _pooled(f"{pool}_slug") for pool in SLUGGED},
}


def text(template: str) -> Draw:
    """Texts with each `{part}` of the template filled in. Raises KeyError with the name of an unknown part."""
    pieces: list[Filling] = []
    for literal, part, _, _ in Formatter().parse(template):
        pieces += [_same(literal)] if literal else []
        pieces += [_FILLINGS[part]] if part else []

    def draw(chunk: Chunk, _: Column) -> pa.StringArray:
        filled = [piece(chunk) for piece in pieces]
        special = reduce(np.logical_or, (written.special for written in filled))
        texts = [written.texts for written in filled]
        if np.any(special):
            quote = pc.if_else(pa.array(np.broadcast_to(special, ROWS)), '"', "")
            texts = [quote, *texts, quote]
        return pc.binary_join_element_wise(*texts, "")

    return draw


def _same(literal: str) -> Filling:
    written = Texts(doubled(literal), is_special(literal))
    return lambda _: written


def one_of(shares: dict[str, float]) -> Draw:
    """One of the texts, each in its share of the records; the shares add up to 1."""
    fields = pa.array([f'"{doubled(each)}"' if is_special(each) else each for each in shares])
    return lambda chunk, _: fields.take(
        pa.array(chunk.rng.choice(len(shares), ROWS, p=list(shares.values())))
    )
