"""Ids for what a source gives none: authors in exports and feeds, the reader of an export, users of research data.

An id is made from what the source says of the thing, so every source, machine and run makes the same one. It is the last 62 bits of a
hash with bit 62 set: from 2**62 to 2**63 - 1, the upper half of the catalog's ids (BIGINT). Goodreads' own ids are below 2**40, so a made
id never replaces a real one. Two of n ids of one kind are equal with a chance of n * n / 2**63: 1 in 9 million for a million authors.
docs/decisions/061 says what follows when the real id becomes known.
"""

import hashlib
import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    UInt64s = NDArray[np.uint64]

_RANDOM_BITS = 62
_LAST_DIGITS = 16  # hexadecimal digits of a hash: 64 bits

FIRST = 1 << _RANDOM_BITS
"""The smallest made id; every made id is at least this, every id of Goodreads is less."""

Number = TypeVar("Number", int, "UInt64s")
"""A number, or an array of numpy's uint64."""

_WORD = (1 << 64) - 1
_ISBN_10 = 10  # digits
_KEPT = (
    "LMN"  # Unicode's categories of letters, of marks, which complete letters in many scripts, and of numbers
)
_INVISIBLE = "Cf"
_DEGREES = ("md", "mba", "mfa", "mph", "msw", "lcsw", "rn", "dds", "dvm", "lmft", "cpa", "cfa")
_SUFFIXES = {
    *("jr", "sr", "ii", "iii", "iv", "esq", *_DEGREES, *map(" ".join, _DEGREES)),  # like MBA and M.B.A.
    *("phd", "ph d", "msc", "m sc", "bsc", "b sc", "edd", "ed d", "psyd", "psy d"),
    *("m a", "m s", "b a", "j d"),
}
_SUFFIXES_IN_CAPITALS = {"ma", "ms", "ba", "jd"}  # Ma and Ba are names, too
_LOST = "\N{REPLACEMENT CHARACTER}"
_BETWEEN = "\n"  # tidied texts are on one line


def is_made(number: int) -> bool:
    """Whether an id was made here, or from the hash in a dump; False for Goodreads' own."""
    return number >= FIRST


def of_hash(digest: str) -> int:
    """The id for a hash in hexadecimal digits, 16 or more. Hashes that a source has instead of ids become ids in the same way.

    The last bits are used because some hashes could be UUIDs, and the constant bits of a UUID come earlier.
    """
    return int(of_last_bits(int(digest[-_LAST_DIGITS:], 16)))


def of_last_bits(bits: Number) -> Number:
    """The id for the last 64 bits of a hash, or the ids for an array of them."""
    made: Number = _marked(bits)
    return made


@lru_cache(maxsize=100_000)
def tidied(name: str) -> str:
    """A name without what differs between spellings: case, spaces, punctuation, and characters that look alike.

    `J.K. Rowling`, `J. K. Rowling` and `j.k.  rowling` are one name. Accents stay: they tell people apart (Peña, Pena), and in many
    scripts they are letters. Initials stay apart, because `A. L. Smith` is not Al Smith. A name of nothing but signs keeps them.
    """
    folded = _folded(name)
    groups = groupby(folded, key=lambda character: unicodedata.category(character)[0] in _KEPT)
    return " ".join("".join(group) for is_kept, group in groups if is_kept) or " ".join(folded.split())


def names_in(text: str) -> list[str]:
    """The names in a text like `Neil Gaiman, Terry Pratchett`, without empty ones; `King, Jr.` and `Foo, MBA` are one name each.

    MA, MS, BA and JD end a name only in capitals or with dots: `Ma` alone may be a person.
    """
    names = list[str]()
    for part in filter(None, map(str.strip, text.split(","))):
        if names and _is_suffix(part):
            names[-1] += f", {part}"
        else:
            names.append(part)
    return names


def _is_suffix(part: str) -> bool:
    key = tidied(part)
    return key in _SUFFIXES or (key in _SUFFIXES_IN_CAPITALS and part.isupper())


def is_damaged(name: str) -> bool:
    """Whether a character of the name was lost, so that U+FFFD stands in its place: another person may be meant."""
    return _LOST in name


def of_author(name: str) -> int | None:
    """The id of an author, by name; None for an empty or damaged name."""
    return None if is_damaged(name) or not (key := tidied(name)) else _made("author", key)


def of_user(name: str) -> int | None:
    """The id of a user, by name; None for an empty name."""
    return _made("user", key) if (key := tidied(name)) else None


def of_numbered_user(source: str, number: Number) -> Number:
    """The id of a user whom a source knows by a number of its own, like `goodbooks-10k`. Two numbers of a source have two ids of 64 bits, cut to 62."""
    made: Number = _marked(_mixed(number ^ _hashed("user", source)))
    return made


def of_review(user_id: Number, book_id: Number) -> Number:
    """The id of a user's review of a book: a user has one review of a book.

    Whole arrays are mixed as fast as they are read: research data have reviews by the hundred million, and no hash of texts is that fast.
    """
    made: Number = _marked(_mixed((_mixed(user_id ^ _REVIEW) + book_id) & _WORD))
    return made


def of_book(isbn: str, title: str, author: str) -> int | None:
    """The id of a book by its ISBN, with 10 or 13 digits; without a valid ISBN by title and author. None without a title too."""
    if number := isbn_13(isbn):
        return _made("book", number)
    return _made("book", key, tidied(author)) if (key := tidied(title)) else None


def isbn_13(text: str) -> str | None:
    """The ISBN in its form of 13 digits; None if the text is not an ISBN or its check digit is wrong."""
    digits = re.sub(r"[\s-]", "", text).upper()
    if re.fullmatch(r"[0-9]{9}[0-9X]", digits) and _is_valid_10(digits):
        return _with_check_digit(f"978{digits[:9]}")
    if re.fullmatch(r"97[89][0-9]{10}", digits) and digits == _with_check_digit(digits[:12]):
        return digits
    return None


def _made(kind: str, *parts: str) -> int:
    return int(_marked(_hashed(kind, *parts)))


def _hashed(*parts: str) -> int:
    return int(hashlib.sha256(_BETWEEN.join(parts).encode()).hexdigest()[-_LAST_DIGITS:], 16)


def _mixed(number: Any) -> Any:
    """Another number of 64 bits, each number its own: the last step of the generator SplitMix64 (Steele, Lea and Flood, 2014)."""
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _WORD
    return number ^ (number >> 31)


def _marked(number: Any) -> Any:
    return (number & (FIRST - 1)) | FIRST


_REVIEW = _hashed("review")


def _folded(text: str) -> str:
    """Without case and look-alikes: Unicode's NFKC_Casefold. Characters that are not seen, like a byte-order mark, are left out."""
    seen = "".join(each for each in text if unicodedata.category(each) != _INVISIBLE)
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", seen).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def _is_valid_10(digits: str) -> bool:
    weights = range(_ISBN_10, 0, -1)
    return not sum(w * (10 if d == "X" else int(d)) for w, d in zip(weights, digits, strict=True)) % 11


def _with_check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return f"{digits}{-total % 10}"
