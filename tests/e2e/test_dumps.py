"""Public data sets: the commands that the documentation shows, from the dump to the page, beside a plain reading of the dump."""

import csv
import gzip
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import md5
from html import escape
from pathlib import Path
from typing import Any

import pytest

from catalog import AUTHORS, BOOKS, REVIEWS, USERS
from local_cloud.state import StateFolder
from stacks import ROOT
from tests import assemblies
from tests.capture.goodbooks import made_up as goodbooks
from tests.capture.ucsd.made_up import AUTHOR, BOOK, REVIEW, write_dump
from tests.e2e.commands import operations
from tests.e2e.warehouse_rows import warehouse_rows

pytestmark = pytest.mark.e2e

_SHOWN = re.compile(
    r"^python -m capture (import-\w+ .*) --out folder\nmake run DATA=folder WINDOW_START=(\S+) WINDOW_END=(\S+)$",
    re.MULTILINE,
)
_IN_WINDOW, _EARLIER = "Mon Oct 09 08:55:59 -0700 2017", "Sun Dec 27 23:00:00 -0800 2015"

Record = tuple[Any, ...]
"""Of a review: the book, the stars and the text."""


@dataclass(frozen=True)
class DataSet:
    """The commands of a page, and the dump that they read."""

    page: Path
    write: Callable[[Path], object]
    reviews: Callable[[Path], Iterable[tuple[Record, str]]]
    """Each review of the dump and the user as the dump has it."""
    in_window: int


def hashed(text: str) -> str:
    """An id as the dumps have it."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def write_ucsd(folder: Path) -> None:
    """Thirty books of five authors, and four reviews of each, one of them earlier than the window."""
    numbers = range(1, 31)
    authors = [AUTHOR | {"author_id": str(number), "name": f"Poet {number}"} for number in range(1, 6)]
    books = [
        BOOK
        | {
            "book_id": str(number),
            "title": f"Poems {number}",
            "authors": [{"author_id": str(number % 5 + 1)}],
        }
        for number in numbers
    ]
    reviews = [
        REVIEW
        | {
            "review_id": hashed(f"review {number} {nth}"),
            "user_id": hashed(f"user {nth}"),
            "book_id": str(number),
            "rating": (number + nth) % 6,
            "review_text": f"Text {nth}, of “{number}”.",
            "date_added": _EARLIER,
            "date_updated": _IN_WINDOW if nth else _EARLIER,
        }
        for number in numbers
        for nth in range(4)
    ]
    write_dump(folder / "goodreads_book_authors.json.gz", authors)
    write_dump(folder / "goodreads_books_poetry.json.gz", books)
    write_dump(folder / "goodreads_reviews_poetry.json.gz", reviews)


def reviews_of_ucsd(folder: Path) -> Iterable[tuple[Record, str]]:
    with gzip.open(folder / "goodreads_reviews_poetry.json.gz", "rt", encoding="utf-8") as file:
        for line in file:
            read = json.loads(line)
            yield (int(read["book_id"]), read["rating"], read["review_text"]), read["user_id"]


def write_goodbooks(folder: Path) -> None:
    """Two books, and the ratings of forty users."""
    books = [goodbooks.BOOK, goodbooks.TWILIGHT]
    ratings = [
        (user, book["book_id"], (user + int(book["book_id"])) % 5 + 1)
        for user in range(1, 41)
        for book in books
    ]
    goodbooks.write_folder(folder / "goodbooks-10k", books, ratings)


def reviews_of_goodbooks(folder: Path) -> Iterable[tuple[Record, str]]:
    with (folder / "goodbooks-10k" / "books.csv").open(encoding="utf-8", newline="") as file:
        editions = {row["book_id"]: int(row["goodreads_book_id"]) for row in csv.DictReader(file)}
    with (folder / "goodbooks-10k" / "ratings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield (editions[row["book_id"]], int(row["rating"]), None), row["user_id"]


DATA_SETS = {
    "ucsd": DataSet(ROOT / "README.md", write_ucsd, reviews_of_ucsd, 90),
    "goodbooks": DataSet(ROOT / "docs" / "capture.md", write_goodbooks, reviews_of_goodbooks, 80),
}


@dataclass(frozen=True)
class Run:
    """A run of what was imported."""

    of: DataSet
    folder: Path
    state: StateFolder
    answer: dict[str, Any]


@pytest.fixture(scope="module", params=DATA_SETS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The commands of the page, one after the other."""
    data_set, folder = DATA_SETS[request.param], tmp_path_factory.mktemp(request.param)
    ((command, start, end),) = _SHOWN.findall(data_set.page.read_text(encoding="utf-8"))
    data_set.write(folder)
    importing = [sys.executable, "-m", "capture", *command.split(), "--out", "folder"]
    subprocess.run(importing, cwd=folder, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    state = StateFolder(folder / "state")
    assemblies.as_of_an_earlier_run(tmp_path_factory, state)
    window = ("--window-start", start, "--window-end", end)
    done = operations("run", str(folder / "folder"), *window, "--json", "--state", str(state.root))
    assert done.returncode == 0, done.stdout + done.stderr
    return Run(data_set, folder, state, json.loads(done.stdout))


def test_each_review_of_the_dump_is_a_row_of_its_user(run: Run) -> None:
    read = list(run.of.reviews(run.folder))
    rows = warehouse_rows(run.state, REVIEWS).values()
    found = [(row["book_id"], row["review_rating"], row["review_text"]) for row in rows]
    assert Counter(found) == Counter(record for record, _ in read)
    by_user = Counter(row["user_id"] for row in rows)
    assert sorted(by_user.values()) == sorted(Counter(user for _, user in read).values())
    assert by_user.keys() <= warehouse_rows(run.state, USERS).keys()


def test_each_review_leads_to_a_book_and_an_author(run: Run) -> None:
    books, authors = (warehouse_rows(run.state, dataset) for dataset in (BOOKS, AUTHORS))
    for row in warehouse_rows(run.state, REVIEWS).values():
        assert row["book_id"] in books
        assert row["author_id"] in authors


def test_the_run_ends_with_the_best_books_of_the_window_and_a_page(run: Run) -> None:
    result = run.answer["result"]
    assert result["hint"] is None
    assert result["reviews"] == run.of.in_window
    page = Path(result["page"]).read_text(encoding="utf-8")
    for leaders, dataset, label in (("best_books", BOOKS, "title"), ("best_authors", AUTHORS, "name")):
        labels = {row[label] for row in warehouse_rows(run.state, dataset).values()}
        best = [leader["label"] for leader in result[leaders]]
        assert best
        assert set(best) <= labels
        assert all(escape(each) in page or json.dumps(each)[1:-1] in page for each in best)
