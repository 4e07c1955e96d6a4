"""Faker's names, addresses and words, drawn once per process and recombined by the columns."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from faker import Faker

LOCALES = ("it_IT", "en_US", "hi_IN", "ja_JP")
ENTRIES = 1000
"""Entries of a pool for each locale; two pools joined give a million combinations for each."""

SLUGGED = ("given", "family", "title_head", "title_tail")
"""Pools whose entries also appear in URLs."""


@dataclass(frozen=True)
class Pool:
    """Texts as they stand within quotes in CSV, with their own quotes doubled, and which of them need the quotes."""

    texts: pa.StringArray
    special: npt.NDArray[np.bool_]


Pools = dict[str, Pool]


@cache
def pools(*, with_quotes: bool = True) -> Pools:
    """Pools by name, always the same: `ENTRIES` texts for the first of `LOCALES`, then for the next, and so on.

    Unless they are `with_quotes`, they have apostrophes instead. A street is followed by a place as it stands: it ends with the line break, where there is one. A `..._slug` is
    what the entry of its pool contributes to a URL: nothing in scripts other than Latin.
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
        "place": [place for _, _, place in addresses],
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
