"""How fast research data are imported, beside DuckDB that reads the same file, and beside DuckDB that writes it again as CSV."""

import csv
import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import Usage, in_turns, measure

OUR_IMPORT, DUCKDB_READS, DUCKDB_WRITES = "import", "DuckDB reads", "DuckDB reads and writes CSV"
OUR_IMPORT_OF_A_QUARTER = "import of a quarter"
"""Its memory tells whether an import of more takes more."""

UCSD_REVIEWS, UCSD_INTERACTIONS, GOODBOOKS = (
    "goodreads_reviews_dedup.json",
    "goodreads_interactions.csv",
    "ratings.csv",
)
FILES = (UCSD_REVIEWS, UCSD_INTERACTIONS, GOODBOOKS)

_BOOKS, _USERS, _WORDS = 10_000, 50_000, 5_000
_SEED = 1


@dataclass(frozen=True)
class Imports:
    """What each contestant used in each round, and the bytes of each file."""

    used: dict[str, dict[str, list[Usage]]]
    bytes: dict[str, int]


def run_imports(work: Path, runs: int, megabytes: int) -> Imports:
    """Make up each file with about so many megabytes, and time all contestants in turns; the start of the process counts."""
    used, sizes = {}, {}
    for name in FILES:
        whole, quarter = work / "whole" / name, work / "quarter" / name
        for path, size in ((whole, megabytes), (quarter, megabytes / 4)):
            make_up(path, int(size * 1_000_000))
        contestants: dict[str, Callable[[], Usage]] = {
            OUR_IMPORT: partial(_ours, whole),
            DUCKDB_READS: partial(_duckdb, whole, None),
            DUCKDB_WRITES: partial(_duckdb, whole, work / "duckdb.csv"),
            OUR_IMPORT_OF_A_QUARTER: partial(_ours, quarter),
        }
        used[name], sizes[name] = in_turns(contestants, runs), whole.stat().st_size
        shutil.rmtree(work)
    return Imports(used, sizes)


def make_up(path: Path, size: int) -> None:
    """Write a file of about `size` bytes in the form of its source, with the files that its import needs beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = random.Random(_SEED)  # noqa: S311 - made-up data
    lines = {UCSD_REVIEWS: _reviews, UCSD_INTERACTIONS: _interactions, GOODBOOKS: _ratings}[path.name](chance)
    with path.open("w", encoding="utf-8") as file:
        written = 0
        while written < size:
            written += file.write(next(lines))
    if path.name == UCSD_INTERACTIONS:
        _numbered(path.with_name("book_id_map.csv"), "book_id", (str(each + 1) for each in range(_BOOKS)))
        _numbered(path.with_name("user_id_map.csv"), "user_id", (f"{each:032x}" for each in range(_USERS)))
    if path.name == GOODBOOKS:
        _books(path.with_name("books.csv"))


def _reviews(chance: random.Random) -> Iterator[str]:
    words = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(2, 9))) for _ in range(_WORDS)]
    while True:
        review = {
            "user_id": f"{chance.randrange(_USERS):032x}",
            "book_id": str(chance.randint(1, _BOOKS)),
            "review_id": f"{chance.getrandbits(128):032x}",
            "rating": chance.randint(0, 5),
            "review_text": " ".join(chance.choices(words, k=1 + int(chance.expovariate(1 / 110)))),
            "date_added": "Fri Aug 25 13:55:02 -0700 2017",
            "date_updated": "Mon Oct 09 08:55:59 -0700 2017",
            "read_at": "Sat Oct 07 00:00:00 -0700 2017",
            "started_at": "",
            "n_votes": chance.randint(0, 20),
            "n_comments": 0,
        }
        yield json.dumps(review) + "\n"


def _interactions(chance: random.Random) -> Iterator[str]:
    yield "user_id,book_id,is_read,rating,is_reviewed\n"
    while True:
        is_read = chance.randrange(2)
        yield f"{chance.randrange(_USERS)},{chance.randrange(_BOOKS)},{is_read},{is_read * chance.randrange(6)},0\n"


def _ratings(chance: random.Random) -> Iterator[str]:
    yield "user_id,book_id,rating\n"
    while True:
        yield f"{chance.randint(1, _USERS)},{chance.randint(1, _BOOKS)},{chance.randint(1, 5)}\n"


def _numbered(path: Path, column: str, ids: Iterator[str]) -> None:
    rows = [f"{number},{text}\n" for number, text in enumerate(ids)]
    path.write_text("".join([f"{column}_csv,{column}\n", *rows]))


def _books(path: Path) -> None:
    columns = (
        *("book_id", "goodreads_book_id", "authors", "original_publication_year", "title"),
        *("average_rating", "ratings_count", "image_url"),
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for number in range(1, _BOOKS + 1):
            author = f"Author {number % 4000}"
            writer.writerow([number, number * 7, author, "2008.0", f"Title {number}", "4.34", 478, ""])


def _ours(path: Path) -> Usage:
    target = path.parent / "landing"
    command, source = ("import-goodbooks", path.parent) if path.name == GOODBOOKS else ("import-ucsd", path)
    rejects = ("--rejects", str(path.parent / "rejects.jsonl"))
    arguments = ["capture", command, str(source), "--out", str(target), *rejects]
    used = measure([sys.executable, "-m", *arguments], log=path.with_suffix(".log")).usage
    shutil.rmtree(target)
    return used


def _duckdb(path: Path, target: Path | None) -> Usage:
    program = [sys.executable, "-m", "benchmarks.contestants.duckdb_reads", str(path)]
    used = measure([*program, *([str(target)] if target else [])], log=path.with_suffix(".log")).usage
    if target:
        target.unlink()
    return used
