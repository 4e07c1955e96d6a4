"""`pipeline run --library`: from a reader's export to the page, compared row by row with a plain reading of the file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from capture import ids
from local_cloud.state import StateFolder
from operations.__main__ import app
from operations.query import query_here
from tests import assemblies
from tests.capture.library.exports import (
    NOTE,
    OLD,
    counts,
    made_up,
    plainly_read,
    seen,
    write_export,
    written,
)
from tests.e2e.commands import operations
from tests.own_books import query

pytestmark = pytest.mark.e2e

ROWS = 1000


@dataclass(frozen=True)
class Run:
    """A run of an export, what it printed, and what it left."""

    export: Path
    state: StateFolder
    answer: dict[str, Any]
    printed: str

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return query_here(self.state, sql)[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("library")
    export = write_export(folder / "goodreads_library_export.csv", made_up(ROWS, seed=5), OLD, mark="\ufeff")
    state = StateFolder(folder / "state")
    assemblies.as_of_an_earlier_run(tmp_path_factory, state)
    done = operations(
        *("run", "--json", "--library", str(export), "--user", "Ann", "--state", str(state.root))
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Run(export, state, json.loads(done.stdout), done.stdout + done.stderr)


def test_the_books_are_those_of_a_plain_reading(run: Run) -> None:
    found = run.query("select book_id, title, num_pages, publisher, published from goodreads_warehouse.books")
    assert {
        str(book): (title, pages, publisher or "", year) for book, title, pages, publisher, year in found
    } == {
        row["Book Id"]: (
            seen(row["Title"]),
            int(row["Number of Pages"]) if row["Number of Pages"] else None,
            seen(row["Publisher"]),
            int(row["Original Publication Year"]) if row["Original Publication Year"] else None,
        )
        for row in plainly_read(run.export)
    }


def test_the_reviews_are_those_of_a_plain_reading(run: Run) -> None:
    found = run.query(
        "select book_id, review_id, user_id, review_rating, review_text, review_added_date, review_read_count "
        "from goodreads_warehouse.reviews"
    )
    ann = ids.of_user("Ann")
    assert ann
    assert {
        str(book): (
            review,
            user,
            float(rating),
            text or "",
            str(day or "")[:10],
            "" if count is None else str(count),
        )
        for book, review, user, rating, text, day, count in found
    } == {
        row["Book Id"]: (
            ids.of_review(ann, int(row["Book Id"])),
            ann,
            float(row["My Rating"]),
            seen(row["My Review"]),
            written(row),
            row["Read Count"],
        )
        for row in plainly_read(run.export)
        if counts(row)
    }


def test_each_author_is_there_once_whatever_the_spelling(run: Run) -> None:
    found = run.query("select author_id, name from goodreads_warehouse.authors")
    rows = plainly_read(run.export)
    names = {seen(row["Author"]) for row in rows} | {
        seen(name) for row in rows for name in row["Additional Authors"].split(",")
    }
    expected = {ids.of_author(name) for name in names} - {None}
    assert len(found) == len(expected)
    assert {author for author, _ in found} == expected


def test_the_run_ends_with_the_readers_books_and_a_page(run: Run) -> None:
    plain = plainly_read(run.export)
    assert run.answer["result"]["reviews"] == sum(map(counts, plain))
    assert run.answer["result"]["hint"] is None
    titles = {seen(row["Title"]) for row in plain}
    best = [leader["label"] for leader in run.answer["result"]["best_books"]]
    assert best
    assert set(best) <= titles
    page = Path(run.answer["result"]["page"]).read_text(encoding="utf-8")
    assert all(str(leader["id"]) in page for leader in run.answer["result"]["best_authors"])


def test_no_private_note_is_anywhere_in_the_folder_of_the_run(run: Run) -> None:
    assert NOTE in run.export.read_text(encoding="utf-8")
    assert NOTE not in run.printed
    files = [path for path in run.state.root.rglob("*") if path.is_file()]
    assert len(files) > len(OLD)
    assert [path for path in files if NOTE.encode() in path.read_bytes()] == []


def test_the_query_of_the_readme_shows_the_best_books_of_the_page(run: Run) -> None:
    shown = CliRunner().invoke(app, [*query(), "--json", "--state", str(run.state.root)])
    assert shown.exit_code == 0, shown.output
    answer = json.loads(shown.stdout)
    assert answer["columns"] == ["place", "title", "average_review_rating"]
    best = run.answer["result"]["best_books"]
    assert [(row[0], row[1]) for row in answer["rows"]][: len(best)] == [
        (each["place"], each["label"]) for each in best
    ]
    assert best
