"""`pipeline run --follow`: from readers' shelves to the page, compared row by row with a plain reading of the same feeds."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
from typer.testing import CliRunner

from capture import ids
from capture.simulated import Fault, SimulatedGoodreads, simulated_goodreads
from capture.simulated.model import Review
from capture.text import plain_text
from catalog import AUTHORS, DATASETS, Dataset
from local_cloud.state import StateFolder
from operations.__main__ import app
from operations.query import query_here
from tests import assemblies
from tests.capture.follower.shelves import plain_rows
from tests.e2e.commands import operations
from tests.e2e.warehouse_rows import typed_rows, warehouse_rows
from tests.local_cloud.waiting import PATIENCE
from tests.own_books import query

pytestmark = pytest.mark.e2e

FAULTS = {
    Fault.SERVER_ERROR: 0.1,
    Fault.TRUNCATED: 0.05,
    Fault.CONTROL_CHARACTERS: 0.1,
    Fault.SHORT_PAGE: 0.05,
    Fault.SHIFTED: 0.05,
}


@dataclass(frozen=True)
class Run:
    """Two runs of the shelves of two readers, what each printed, and what both left. Between them a reader changed a review."""

    pages: list[tuple[str, bytes]]
    """The readers and the pages of their feeds, after the change."""
    state: StateFolder
    answer: dict[str, Any]
    printed: str
    changed: int
    """The review that was changed."""
    next_answer: dict[str, Any]
    next_printed: str

    @property
    def items(self) -> list[tuple[str, ET.Element]]:
        return [(reader, item) for reader, body in self.pages for item in ET.fromstring(body).iter("item")]  # noqa: S314 - from the simulated site

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return query_here(self.state, sql)[1]


def pages_of(goodreads: SimulatedGoodreads, reader: int) -> Iterator[tuple[str, bytes]]:
    """The reader and each page of the shelf, as a browser gets it."""
    for page in range(1, 100):
        answer = requests.get(
            f"{goodreads.url}review/list_rss/{reader}",
            params={"shelf": "read", "page": str(page)},
            headers={"User-Agent": "Mozilla/5.0"},
            timeout=PATIENCE,
        )
        if b"<item>" not in answer.content:
            return
        yield str(reader), answer.content


def text(item: ET.Element, path: str) -> str:
    return (item.findtext(path) or "").strip()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    state = StateFolder(tmp_path_factory.mktemp("follow") / "state")
    assemblies.as_of_an_earlier_run(tmp_path_factory, state)
    with simulated_goodreads(reviews=3900, users=3, faults=FAULTS) as goodreads:
        first, second, private = goodreads.readers
        goodreads.private.add(private)
        leave_on_the_shelf(goodreads, first, 1000)
        leave_on_the_shelf(goodreads, second, 100)
        spell_an_author_in_another_way(goodreads, first)
        done = followed(goodreads, state)
        goodreads.faults.rates.clear()
        changed = change_rating_and_shelves(goodreads, second)
        again = followed(goodreads, state)
        pages = [page for reader in (first, second) for page in pages_of(goodreads, reader)]
    return Run(
        pages,
        state,
        json.loads(done.stdout),
        done.stdout + done.stderr,
        changed,
        json.loads(again.stdout),
        again.stdout + again.stderr,
    )


def followed(goodreads: SimulatedGoodreads, state: StateFolder) -> subprocess.CompletedProcess[str]:
    first, second, private = goodreads.readers
    done = operations(
        *("run", "--json", "--state", str(state.root)),
        *("--follow", f"{first}, https://www.goodreads.com/user/show/{second}-name"),
        *("--follow", str(private), "--goodreads", goodreads.url),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def read_by(goodreads: SimulatedGoodreads, reader: int) -> list[Review]:
    return [each for each in goodreads.published if each.user.id == reader and each.shelf == "read"]


def leave_on_the_shelf(goodreads: SimulatedGoodreads, reader: int, count: int) -> None:
    for review in read_by(goodreads, reader)[count:]:
        goodreads.change(review.id, shelf="to-read")


def spell_an_author_in_another_way(goodreads: SimulatedGoodreads, reader: int) -> None:
    review = read_by(goodreads, reader)[0]
    author = review.book.authors[0]
    other = replace(author, name=author.name.upper().replace(" ", "  "))
    goodreads.change(review.id, book=replace(review.book, authors=(other, *review.book.authors[1:])))


def change_rating_and_shelves(goodreads: SimulatedGoodreads, reader: int) -> int:
    review = read_by(goodreads, reader)[0]
    return goodreads.change(review.id, rating=(review.rating + 1) % 6, labels=(*review.labels, "again")).id


def test_the_shelves_have_what_is_odd_in_feeds(run: Run) -> None:
    """So the comparisons with a plain reading below are comparisons of these."""
    items = [item for _, item in run.items]
    books = [text(item, "book_id") for item in items]
    spellings = {(ids.of_author(text(item, "author_name")), text(item, "author_name")) for item in items}
    assert sorted(Counter(reader for reader, _ in run.items).values()) == [100, 1000]
    assert any(text(item, "user_rating") == "0" for item in items)
    assert any(not text(item, "user_read_at") for item in items)
    assert len(set(books)) < len(books)
    assert any("<br />" in text(item, "user_review") for item in items)
    assert len(spellings) > len({author for author, _ in spellings})
    assert any("again" in text(item, "user_shelves") for item in items)


@pytest.mark.parametrize("dataset", DATASETS, ids=str)
def test_the_rows_are_those_of_a_plain_reading_in_every_column(run: Run, dataset: Dataset) -> None:
    """But for the version, which is the moment of the capture, and the name of an author, who may have two spellings."""
    unsaid = ["record_create_timestamp", *(["name"] if dataset == AUTHORS else [])]
    texts = [row for reader, body in run.pages for row in plain_rows(body, reader)[dataset.name]]
    assert warehouse_rows(run.state, dataset, unsaid) == typed_rows(dataset, texts, unsaid)


def test_the_name_of_an_author_is_in_one_of_its_spellings(run: Run) -> None:
    names = {plain_text(text(item, "author_name")) for _, item in run.items}
    found = {(key, row["name"]) for key, row in warehouse_rows(run.state, AUTHORS).items()}
    assert found <= {(ids.of_author(name), name) for name in names}


def test_nothing_was_rejected_and_the_private_reader_was_told(run: Run) -> None:
    assert {rows["rows_quarantined"] for rows in run.answer["datasets"].values()} == {0}
    assert f"{len(run.items):,} reviews captured from 3 shelves of 3 readers, 1 put off" in run.printed
    assert "could not be read: " in run.printed
    assert "the shelf is private" in run.printed


def test_the_next_run_lands_the_review_that_was_changed_and_nothing_else(run: Run) -> None:
    assert (
        "1 review captured from 3 shelves of 3 readers, 1 of them because they had changed"
        in run.next_printed
    )
    rows = run.next_answer["datasets"]["reviews"]
    assert {name: count for name, count in rows.items() if name.startswith("rows_") and count} == {
        "rows_read": 1,
        "rows_updated": 1,
    }
    loaded = run.query(
        f"select review_id from goodreads_warehouse.reviews where run_id = '{run.next_answer['name']}'"
    )
    assert loaded == [(run.changed,)]
    assert run.next_answer["result"]["reviews"] == len(run.items)


def test_the_run_ends_with_the_readers_books_and_a_page(run: Run) -> None:
    result = run.answer["result"]
    assert result["reviews"] == len(run.items)
    titles = {plain_text(text(item, "title")) for _, item in run.items}
    best = [leader["label"] for leader in result["best_books"]]
    assert best
    assert set(best) <= titles
    assert any(title in Path(result["page"]).read_text(encoding="utf-8") for title in best)


def test_the_query_of_the_readme_shows_the_best_books_of_the_page(run: Run) -> None:
    shown = CliRunner().invoke(app, [*query(), "--json", "--state", str(run.state.root)])
    assert shown.exit_code == 0, shown.output
    answer = json.loads(shown.stdout)
    assert answer["columns"] == ["place", "title", "average_review_rating"]
    best = run.next_answer["result"]["best_books"]
    assert [(row[0], row[1]) for row in answer["rows"]][: len(best)] == [
        (each["place"], each["label"]) for each in best
    ]
    assert best
