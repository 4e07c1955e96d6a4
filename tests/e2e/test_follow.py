"""`pipeline run --follow`: from readers' shelves to the page, compared row by row with a plain reading of the same feeds."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests

from capture import ids
from capture.simulated import Fault, SimulatedGoodreads, simulated_goodreads
from capture.text import plain_text
from local_cloud.state import StateFolder
from operations.query import query_here
from stacks import ROOT
from tests import assemblies
from tests.local_cloud.waiting import PATIENCE

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
    """A run of the shelves of two readers, what it printed, and what it left."""

    items: list[tuple[str, ET.Element]]
    """The readers and the items of their feeds."""
    state: StateFolder
    answer: dict[str, Any]
    printed: str

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return query_here(self.state, sql)[1]


def plainly_read(goodreads: SimulatedGoodreads, reader: int) -> Iterator[tuple[str, ET.Element]]:
    for page in range(1, 100):
        answer = requests.get(
            f"{goodreads.url}review/list_rss/{reader}",
            params={"shelf": "read", "page": str(page)},
            headers={"User-Agent": "Mozilla/5.0"},
            timeout=PATIENCE,
        )
        items = list(ET.fromstring(answer.content).iter("item"))  # noqa: S314 - from the simulated site
        if not items:
            return
        yield from ((str(reader), item) for item in items)


def text(item: ET.Element, path: str) -> str:
    return (item.findtext(path) or "").strip()


def words(item: ET.Element, path: str) -> str:
    return plain_text(text(item, path))


def moment(written: str) -> datetime:
    """Like Mon, 06 Mar 2017 12:02:40 -0800, in UTC and without a zone, as the warehouse has it."""
    return datetime.strptime(written, "%a, %d %b %Y %H:%M:%S %z").astimezone(UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    state = StateFolder(tmp_path_factory.mktemp("follow") / "state")
    assemblies.as_of_an_earlier_run(tmp_path_factory, state)
    with simulated_goodreads(reviews=400, users=3, feed_page=30, faults=FAULTS) as goodreads:
        first, second, private = goodreads.readers
        goodreads.private.add(private)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "operations", "run", "--json", "--state", str(state.root)),
                *("--follow", f"{first}, https://www.goodreads.com/user/show/{second}-name"),
                *("--follow", str(private), "--goodreads", goodreads.url),
            ],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        goodreads.faults.rates.clear()
        items = [each for reader in (first, second) for each in plainly_read(goodreads, reader)]
    return Run(items, state, json.loads(done.stdout), done.stdout + done.stderr)


def test_the_reviews_are_those_of_a_plain_reading(run: Run) -> None:
    found = run.query(
        "select review_id, user_id, book_id, author_id, review_text, review_rating::integer, review_added_date, review_updated_date, "
        "review_url from goodreads_warehouse.reviews order by review_id"
    )
    expected = [
        (
            int(text(item, "guid").rpartition("/")[2].partition("?")[0]),
            int(reader),
            int(text(item, "book_id")),
            ids.of_author(text(item, "author_name")),
            words(item, "user_review") or None,
            int(text(item, "user_rating")),
            moment(text(item, "user_date_added")),
            moment(text(item, "pubDate")),
            text(item, "guid").partition("?")[0],
        )
        for reader, item in run.items
    ]
    assert len(expected) > 150
    assert found == sorted(expected)


def test_the_books_are_those_of_a_plain_reading(run: Run) -> None:
    found = run.query(
        "select book_id, title, authors, num_pages, description, published from goodreads_warehouse.books"
    )
    expected = {
        (
            int(text(item, "book_id")),
            words(item, "title"),
            ids.of_author(text(item, "author_name")),
            int(text(item, "book/num_pages")) if text(item, "book/num_pages") else None,
            words(item, "book_description") or None,
            int(text(item, "book_published")) if text(item, "book_published") else None,
        )
        for _, item in run.items
    }
    assert len(found) == len(expected)
    assert set(found) == expected


def test_each_author_and_each_reader_is_there_once_by_name(run: Run) -> None:
    authors = {
        (ids.of_author(text(item, "author_name")), words(item, "author_name")) for _, item in run.items
    }
    readers = {(int(reader), words(item, "user_name")) for reader, item in run.items}
    assert run.query("select author_id, name from goodreads_warehouse.authors order by author_id") == sorted(
        authors
    )
    assert run.query(
        "select user_id, user_display_name from goodreads_warehouse.users order by user_id"
    ) == sorted(readers)


def test_nothing_was_rejected_and_the_private_reader_was_told(run: Run) -> None:
    assert {rows["rows_quarantined"] for rows in run.answer["datasets"].values()} == {0}
    assert f"{len(run.items)} reviews captured from 3 shelves of 3 readers, 1 put off" in run.printed
    assert "could not be read: " in run.printed
    assert "the shelf is private" in run.printed


def test_the_run_ends_with_the_readers_books_and_a_page(run: Run) -> None:
    result = run.answer["result"]
    assert result["reviews"] == len(run.items)
    titles = {words(item, "title") for _, item in run.items}
    best = [leader["label"] for leader in result["best_books"]]
    assert best
    assert set(best) <= titles
    assert any(title in Path(result["page"]).read_text(encoding="utf-8") for title in best)
