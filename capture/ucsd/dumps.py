"""Finds the dumps among files, says what each becomes, and reads their lines, even of damaged files."""

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from capture.errors import CaptureError
from capture.rejects import Line
from capture.ucsd import blocks
from capture.ucsd.interactions import BOOK_MAP, USER_MAP
from capture.ucsd.mending import Reader
from capture.ucsd.records import (
    Author,
    Book,
    Context,
    Interaction,
    Review,
    Row,
    SpoilerReview,
    Work,
    author_row,
    book_row,
    interaction_row,
    review_row,
    spoiler_row,
    work_row,
)
from catalog import AUTHORS, BOOKS, REVIEWS, Dataset

_JSON = r"\.json(\.gz)?"
_CSV = r"\.csv"

_NOTHING_FOR_THE_CATALOG = re.compile(
    rf"good?reads_book_(series|genres_initial){_JSON}"
)  # a download of the genres from Google Drive is called gooreads_...

_BEGINS_LIKE_A_DUMP = re.compile(
    "good?reads_(books|reviews|interactions|book_authors|book_works)", re.IGNORECASE
)
# what browsers, wget and file managers add to a name that is there already
_COPY = re.compile(r" ?\(\d+\)| - copy| copy|-\d+(?=\.)|\.\d+$")
_UNFINISHED = re.compile(r".*\.(part|partial|crdownload|download|tmp)")
_PACKED = re.compile(r".*\.(gz|tgz|zip|bz2|xz|zst|7z|rar|tar)")

_ALL_REVIEWS = "goodreads_reviews_dedup"
_GZIP_SUFFIX = ".gz"
_LONGEST_LINE = 16 * 1024 * 1024  # bytes; the longest text in the warehouse has 64 kB
_SHOWN = 1000  # bytes of an overlong line that are kept


class UnknownDumpError(CaptureError):
    """A file is not a dump that can be imported; the message says which files are."""


@dataclass(frozen=True)
class Kind:
    """A kind of dump: how its files are named, how a line is read, the record that a line becomes, if any, and how many lines are read at once, if they can be.

    Lines that are `for_books` never become records: what they say is remembered for the books, so a limit of lines does not hold for them.
    """

    named: str
    pattern: str
    dataset: Dataset
    reader: Reader[Any]
    row: Callable[[Any, Context], Row | None]
    block: blocks.Reader | None = None
    suffix: str = _JSON
    for_books: bool = False

    def is_of(self, path: Path) -> bool:
        """Whether the file has a name of this kind."""
        return re.fullmatch(self.pattern + self.suffix, path.name) is not None


_INTERACTIONS = Reader(Interaction, REVIEWS)

KINDS = (
    Kind(
        "goodreads_book_works", "goodreads_book_works", BOOKS, Reader(Work, BOOKS), work_row, for_books=True
    ),
    Kind("goodreads_book_authors", "goodreads_book_authors", AUTHORS, Reader(Author, AUTHORS), author_row),
    Kind("goodreads_books[_<genre>]", r"goodreads_books(_\w+)?", BOOKS, Reader(Book, BOOKS), book_row),
    Kind(
        "goodreads_reviews_dedup, _<genre> or _spoiler_raw",
        r"goodreads_reviews_(?!spoiler\.)\w+",
        REVIEWS,
        Reader(Review, REVIEWS),
        review_row,
        blocks.reviews_in,
    ),
    Kind(
        "goodreads_reviews_spoiler",
        "goodreads_reviews_spoiler",
        REVIEWS,
        Reader(SpoilerReview, REVIEWS),
        spoiler_row,
    ),
    Kind(
        "goodreads_interactions_dedup or _<genre>",
        r"goodreads_interactions_\w+",
        REVIEWS,
        _INTERACTIONS,
        interaction_row,
        blocks.interactions_in,
    ),
    Kind(
        "or goodreads_interactions.csv",
        "goodreads_interactions",
        REVIEWS,
        _INTERACTIONS,
        interaction_row,
        suffix=_CSV,
    ),
)
"""All kinds, in the order of import: books get their first years from the works, reviews their authors from the books."""


@dataclass(frozen=True)
class Dump:
    """A file and its kind."""

    path: Path
    kind: Kind

    @property
    def is_numbers(self) -> bool:
        """Whether the file is the CSV file of all interactions, which has numbers of its own."""
        return self.kind.suffix == _CSV

    @property
    def is_all_reviews(self) -> bool:
        """Whether the file has every review with a text."""
        return self.stem == _ALL_REVIEWS

    @property
    def stem(self) -> str:
        """The file's name without suffixes: goodreads_reviews_dedup."""
        return self.path.name.split(".")[0]


def dumps_among(paths: Sequence[Path]) -> tuple[list[Dump], list[Path]]:
    """The dumps in order of import, and what is left out: series and genres, and the other files in the given folders.

    Raises UnknownDumpError if a given file is not a dump, if a file in a given folder is not one but its name begins like that of one, if a
    given folder has no dump, if nothing becomes records, and if two dumps have the same name: their landing files would replace each other.
    """
    dumps, others = [], []
    for path in paths:
        entries = [_dump(each) for each in sorted(path.iterdir())] if path.is_dir() else [_dump(path)]
        for each in entries:
            if isinstance(each, Path) and _BEGINS_LIKE_A_DUMP.match(each.name):
                raise UnknownDumpError(f"{_complaint(each, 'it is not')}; {_way_out(each)}")
        known = [each for each in entries if isinstance(each, Dump)]
        if not known and not _NOTHING_FOR_THE_CATALOG.fullmatch(path.name):
            raise UnknownDumpError(_complaint(path, "no file in it is" if path.is_dir() else "it is not"))
        dumps += known
        maps = (BOOK_MAP, USER_MAP) if any(each.is_numbers for each in known) else ()
        others += [each for each in entries if isinstance(each, Path) and each.name not in maps]
    if all(dump.kind.for_books for dump in dumps):
        names = ", ".join(path.name for path in (*(dump.path for dump in dumps), *others))
        raise UnknownDumpError(
            f"{names}: nothing in it becomes a record; give authors, books, reviews or interactions"
        )
    _check_stems(dumps)
    return sorted(dumps, key=lambda dump: (KINDS.index(dump.kind), dump.stem)), others


def _dump(path: Path) -> Dump | Path:
    kinds = [kind for kind in KINDS if kind.is_of(path)]
    return Dump(path, kinds[0]) if kinds else path


def _is_dump(path: Path) -> bool:
    return isinstance(_dump(path), Dump)


def _check_stems(dumps: Iterable[Dump]) -> None:
    seen: dict[str, Path] = {}
    for dump in dumps:
        if dump.stem in seen:
            raise UnknownDumpError(
                f"{seen[dump.stem]} and {dump.path} would become the same landing files; import one of them"
            )
        seen[dump.stem] = dump.path


def _complaint(path: Path, what: str) -> str:
    names = "; ".join(kind.named for kind in KINDS)
    return f"{path}: {what} named like a dump, with .json.gz or .json at the end: {names}"


def _way_out(path: Path) -> str:
    """What to do about a file whose name begins like that of a dump."""
    name = path.name.lower()
    if _UNFINISHED.fullmatch(name):
        return "its download has not ended: end it, or move the file elsewhere"
    plain = path.with_name(_COPY.sub("", name).replace("gooreads_", "goodreads_"))
    meanings = [("rename", plain)]
    if _PACKED.fullmatch(plain.name):
        meanings.append(("unpack", plain.with_suffix("")))
    for verb, meant in meanings:
        if _is_dump(meant):
            if meant.exists() and not meant.samefile(path):
                return f"{meant.name} is beside it: keep one of the two, under that name"
            return f"{verb} it to {meant.name}"
    return "rename it to one of these names, or unpack it, or move it elsewhere"


def lines_of(raw: BinaryIO, name: str) -> Iterator[Line]:
    """The lines of a dump that are not blank, unpacked if the name ends in `.gz`; gzip may have several members.

    If the file is empty or cannot be unpacked to its end, the last line is an empty line with this problem.
    """
    # neither is a text file: a buffer in C finds a line in a fraction of the time that the progress bar's file takes
    file = (
        gzip.GzipFile(fileobj=raw)
        if name.endswith(_GZIP_SUFFIX)
        else io.BufferedReader(cast("io.RawIOBase", raw))
    )
    number = 0
    try:
        while text := file.readline(_LONGEST_LINE):
            number += 1
            if len(text) == _LONGEST_LINE and not text.endswith(b"\n"):
                yield Line(number, text[:_SHOWN], _skipped(file, len(text)))
            elif not text.isspace():
                yield Line(number, text)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        problem = f"the file is damaged here or earlier, and all later lines are missing: {error}; download it again"
        yield Line(number + 1, b"", problem)
    else:
        if not number:
            yield Line(1, b"", "the file is empty; download it again")


def _skipped(file: BinaryIO | gzip.GzipFile, size: int) -> str:
    """Skip the rest of an overlong line, after `size` bytes of it were read; returns the problem."""
    while text := file.readline(_LONGEST_LINE):
        size += len(text)
        if text.endswith(b"\n"):
            break
    return f"the line has {size:,} bytes, expected at most {_LONGEST_LINE:,}; only its beginning is kept"
