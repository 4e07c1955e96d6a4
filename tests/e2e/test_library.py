"""`pipeline run --library`: from readers' exports to the page, compared row by row with a plain reading of the files."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from typer.testing import CliRunner

from capture import ids
from catalog import DATASETS, REVIEWS, Dataset
from local_cloud.state import StateFolder
from operations.__main__ import app
from stacks import ROOT
from tests import assemblies
from tests.browser.browser import opened
from tests.capture.library.exports import (
    NOTE,
    OLD,
    PRESENT,
    counts,
    made_up,
    plain_rows,
    plainly_read,
    seen,
    write_export,
)
from tests.e2e.commands import operations
from tests.e2e.page_numbers import asked, shown_as
from tests.e2e.warehouse_rows import Rows, typed_rows, warehouse_rows
from tests.own_books import query

pytestmark = pytest.mark.e2e

ROWS, FEW_ROWS = 1000, 100


@dataclass(frozen=True)
class Run:
    """A run of an export, what it printed, and the rows that it left."""

    export: Path
    state: StateFolder
    answer: dict[str, Any]
    printed: str
    rows: Mapping[str, Rows]


@dataclass(frozen=True)
class Later:
    """The run after it: of a newer export of the same reader, in the form of today, and of another reader's."""

    run: Run
    newer: Path
    other: Path
    answer: dict[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("library")
    export = written_hours_ago(3, folder / "goodreads_library_export.csv", made_up(ROWS, seed=5), OLD)
    state = StateFolder(folder / "state")
    assemblies.as_of_an_earlier_run(tmp_path_factory, state)
    done = operations(
        *("run", "--json", "--library", str(export), "--user", "Ann", "--state", str(state.root))
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {dataset.name: warehouse_rows(state, dataset) for dataset in DATASETS}
    return Run(export, state, json.loads(done.stdout), done.stdout + done.stderr, rows)


@pytest.fixture(scope="module")
def later(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Later:
    folder = tmp_path_factory.mktemp("later")
    plain = plainly_read(run.export)
    moved = [row | {"Exclusive Shelf": "read", "My Rating": "5"} for row in plain[: len(plain) // 2]]
    newer = written_hours_ago(2, folder / "newer.csv", moved, PRESENT)
    other = written_hours_ago(1, folder / "other.csv", made_up(FEW_ROWS, seed=6), PRESENT)
    for path, reader in ((newer, "Ann"), (other, "Bo")):
        command = (sys.executable, "-m", "capture", "import-library", str(path), "--user", reader)
        subprocess.run([*command, "--out", str(folder / "out")], cwd=ROOT, check=True, capture_output=True)
    done = operations("run", str(folder / "out"), "--json", "--state", str(run.state.root))
    assert done.returncode == 0, done.stdout + done.stderr
    return Later(run, newer, other, json.loads(done.stdout))


def written_hours_ago(
    hours: int, path: Path, rows: Sequence[Mapping[str, str]], columns: Sequence[str]
) -> Path:
    export = write_export(path, rows, columns, mark="\ufeff")
    moment = time.time() - hours * 60 * 60
    os.utime(export, (moment, moment))
    return export


def version_of(export: Path) -> str:
    return f"{datetime.fromtimestamp(int(export.stat().st_mtime), UTC):%Y-%m-%d %H:%M:%S}"


def explained(state: StateFolder, *subject: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["explain", *subject, "--json", "--state", str(state.root)])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("dataset", DATASETS, ids=str)
def test_the_rows_are_those_of_a_plain_reading_in_every_column(run: Run, dataset: Dataset) -> None:
    expected = typed_rows(dataset, plain_rows(run.export, "Ann", version_of(run.export))[dataset.name])
    assert run.rows[dataset.name] == expected


def test_two_spellings_of_an_author_are_one_author(run: Run) -> None:
    spellings = {row["Author"] for row in plainly_read(run.export)}
    assert {"J.K. Rowling", "J. K. Rowling"} <= spellings
    assert len([row for row in run.rows["authors"].values() if "Rowling" in row["name"]]) == 1


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


def test_the_query_of_the_readme_shows_the_best_books_of_the_page(later: Later) -> None:
    shown = CliRunner().invoke(app, [*query(), "--json", "--state", str(later.run.state.root)])
    assert shown.exit_code == 0, shown.output
    answer = json.loads(shown.stdout)
    assert answer["columns"] == ["place", "title", "average_review_rating"]
    best = later.answer["result"]["best_books"]
    assert [(row[0], row[1]) for row in answer["rows"]][: len(best)] == [
        (each["place"], each["label"]) for each in best
    ]
    assert best


def test_each_number_on_the_page_is_what_a_query_answers(later: Later, browser: Browser) -> None:
    page = Path(later.answer["result"]["page"])
    document = json.loads(page.with_name("run.json").read_text(encoding="utf-8"))
    with opened(browser, page.as_uri()) as found:
        shown = found.numbers()
    wanted = asked(later.run.state, document)
    assert {path.partition("/")[0] for path in wanted} == {"analytics", "datasets", "checks", "files"}
    wrong = {path: shown.get(path) for path in wanted if not shown_as(wanted[path], shown.get(path, "nan"))}
    assert wrong == {}


@pytest.mark.parametrize("dataset", DATASETS, ids=str)
def test_after_a_newer_export_and_that_of_another_reader_the_rows_are_those_of_a_plain_reading_of_all_three(
    later: Later, dataset: Dataset
) -> None:
    exports = [(later.run.export, "Ann"), (later.newer, "Ann"), (later.other, "Bo")]
    texts = [row for path, name in exports for row in plain_rows(path, name, version_of(path))[dataset.name]]
    assert warehouse_rows(later.run.state, dataset) == typed_rows(dataset, texts)


def test_a_book_that_went_to_another_shelf_and_got_stars_is_a_newer_version_of_its_review(
    later: Later,
) -> None:
    before, after = (
        {row["Book Id"]: row for row in plainly_read(path)} for path in (later.run.export, later.newer)
    )
    moved = [book for book in after if before[book]["Exclusive Shelf"] != after[book]["Exclusive Shelf"]]
    assert len(moved) > 100
    ann = ids.of_user("Ann")
    assert ann
    reviews = warehouse_rows(later.run.state, REVIEWS)
    assert {reviews[ids.of_review(ann, int(book))]["review_rating"] for book in moved} == {5}
    assert later.answer["result"]["reviews"] == len(reviews)


def test_explain_says_of_each_made_id_from_what_it_is_made(later: Later) -> None:
    ann, name = ids.of_user("Ann"), "Karel \u010capek"
    book = plainly_read(later.newer)[0]["Book Id"]
    assert ann
    made = {
        ("author", str(ids.of_author(name))): f"the name {name!r}",
        ("user", str(ann)): "the name 'Ann'",
        ("review", str(ids.of_review(ann, int(book)))): f"user {ann} and book {book}",
        ("book", book): None,
    }
    assert {subject: explained(later.run.state, *subject)["made_from"] for subject in made} == made
