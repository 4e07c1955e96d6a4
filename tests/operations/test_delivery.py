"""`pipeline contract --check`: what is told before anything runs, and that the state folder stays as it is."""

import hashlib
import os
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from local_cloud.redshift import RedshiftEngine
from local_cloud.state import Running, StateFolder
from operations.__main__ import app
from operations.delivery import Outcome, Ranked, copy_of, delivered, moves, show
from operations.errors import OperationError
from operations.executions import Execution
from tests.operations.documented import documented

pytestmark = pytest.mark.usefixtures("environment", "signals")


def complaint(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["contract", *map(str, arguments)])
    assert result.exit_code == 1
    return result.stderr.removeprefix("error: ").rstrip("\n")


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    """A state folder with a warehouse of nothing and a lease."""
    found = StateFolder(tmp_path / "state")
    found.root.mkdir()
    with RedshiftEngine(database=found.warehouse, buckets=found.buckets):
        pass
    (found.tables / "lease.json").write_text("{}")
    return found


def test_the_copy_has_the_warehouse_and_the_lease_and_the_state_folder_stays_as_it_is(
    state: StateFolder,
) -> None:
    before = contents(state.root)
    with copy_of(state) as scratch:
        copied = contents(scratch.root)
        scratch.warehouse.write_bytes(b"changed")
    assert copied == before
    assert contents(state.root) == before
    assert not scratch.root.exists()


def test_without_a_state_folder_the_copy_is_empty_and_no_folder_is_made(tmp_path: Path) -> None:
    with copy_of(StateFolder(tmp_path / "none")) as scratch:
        assert list(scratch.root.iterdir()) == []
    assert not (tmp_path / "none").exists()


def test_a_warehouse_that_an_endpoint_owns_is_not_copied(state: StateFolder, tmp_path: Path) -> None:
    (tmp_path / "author.csv").touch()
    with state.locked():
        state.announce(Running(os.getpid(), "up", "http://localhost:1", "http://localhost:2"))
        said = complaint("--check", tmp_path / "author.csv", "--state", state.root)
    assert said == (
        f"the warehouse of {state.root} is in use: `up`, process {os.getpid()}, serves it. End it, then check the delivery"
    )


def test_a_delivery_on_aws_is_refused(tmp_path: Path) -> None:
    assert "Redshift cannot be copied" in complaint("--check", tmp_path, "--aws")


def test_a_delivery_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert f"found nothing at {tmp_path / 'nowhere'}" in complaint("--check", tmp_path / "nowhere")


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    assert "holds no files" in complaint("--check", tmp_path)


@pytest.mark.parametrize("name", ["films.csv", "films/part.csv"])
def test_a_file_of_no_dataset_is_told_with_the_names_that_are_known(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert f"no file of {path} names a dataset; expected author.csv" in complaint("--check", path)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "book.csv").symlink_to(tmp_path / "book.csv")
    (tmp_path / "author.csv").touch()
    (tmp_path / "user.csv").touch()
    (tmp_path / "user.csv").chmod(0)
    if os.access(tmp_path / "user.csv", os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(OperationError, match=r"user\.csv cannot be read"):
        delivered(tmp_path)


@pytest.mark.parametrize(
    ("path", "key"), [("book.csv", "book.csv"), ("books/part-1.csv", "books/part-1.csv")]
)
def test_a_file_is_known_by_its_name_or_by_its_folder(tmp_path: Path, path: str, key: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    file.touch()
    assert delivered(file) == {key: file}


def test_only_places_that_change_are_told() -> None:
    books, authors = "best_books", "rising_authors"
    before = {(books, 1): Ranked(1, "a"), (books, 2): Ranked(2, "b"), (authors, 1): Ranked(1, "x")}
    after = {(books, 3): Ranked(1, None), (books, 1): Ranked(2, "a"), (authors, 1): Ranked(1, "x")}
    assert [tuple(each.values()) for each in moves(before, after)] == [
        (books, 3, None, None, 1),
        (books, 1, "a", 1, 2),
        (books, 2, "b", 2, None),
    ]


def test_the_terminal_shows_the_first_places_and_counts_the_others() -> None:
    ended = Execution("r", "SUCCEEDED", datetime(2020, 3, 1, tzinfo=UTC))
    before = {("best_books", number): Ranked(number, f"book {number}") for number in range(1, 9)}
    after = {("best_books", number): Ranked(9 - number, f"book {number}") for number in range(1, 9)}
    written = StringIO()
    console = Console(file=written, width=200)
    show(console, Outcome(ended, {}, before, after), Path("x"))
    shown = written.getvalue()
    assert [number for number in range(1, 9) if f"book {number} " in shown] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert "later places" not in shown
    last = {**before, ("best_books", 7): Ranked(8, "book 7"), ("best_books", 8): Ranked(7, "book 8")}
    show(console, Outcome(ended, {}, before, last), Path("x"))
    assert "and 2 changes of later places: --json tells them all" in written.getvalue()


def test_the_answer_has_the_keys_that_the_page_lists_and_no_rankings_of_a_run_that_failed() -> None:
    failed = Execution("r", "FAILED", datetime(2020, 3, 1, tzinfo=UTC), error="DataQuality", cause="too many")
    told = {
        "datasets": [
            {"run_id": "r", "dataset": "books", "read": 2},
            {"run_id": "old", "dataset": "users", "read": 1},
        ],
        "checks": [
            {"violations": 0, "limit": 0},
            {"violations": 2, "limit": 1},
            {"violations": None, "limit": 1},
        ],
        "files": {
            "published_before": 1,
            "left_for_later": 2,
            "listed": [{"key": "a", "note": None}, {"key": "b", "note": "lacks a column"}],
        },
    }
    made = Outcome(failed, told, {("best_books", 1): Ranked(1, "a")}, {}).document(Path("x"))
    assert set(made) == documented()["contract --check"]
    assert made["would_publish"] is False
    assert made["cause"] == "too many"
    assert made["datasets"] == {"books": {"rows_read": 2}}
    assert len(made["checks"]) == 2
    assert [each["key"] for each in made["files"]] == ["b"]
    assert made["rankings"] == []
    assert (made["published_before"], made["left_for_later"]) == (1, 2)
    unknown = Outcome(failed, {}, {}, {}).document(Path("x"))
    assert (unknown["published_before"], unknown["left_for_later"]) == (None, None)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param(
            {"total": 0, "published_before": 4, "left_for_later": 0, "listed": []},
            "x: nothing of it would be read: 4 files were published before; to have a file read again, land it under another name\n",
            id="all of it",
        ),
        pytest.param(
            {
                "total": 1,
                "published_before": 1,
                "left_for_later": 0,
                "listed": [{"key": "film.csv", "outcome": "quarantined", "note": "names no dataset"}],
            },
            "x: nothing of it would be read: 1 file was published before; to have a file read again, land it under another name\n"
            "film.csv: names no dataset\n",
            id="all that can be used",
        ),
        pytest.param(
            {
                "total": 1,
                "published_before": 1,
                "left_for_later": 2,
                "listed": [{"key": "book.csv", "outcome": "published", "note": None}],
            },
            "x would be published\n"
            "not read again: 1 file was published before; to have a file read again, land it under another name\n"
            "2 files would wait for the run after: a run takes at most batch_max_files and batch_max_bytes\n",
            id="some of it",
        ),
        pytest.param(
            {
                "total": 1,
                "published_before": 0,
                "left_for_later": 0,
                "listed": [{"key": "book.csv", "outcome": "empty", "note": None}],
            },
            "x would be published\n",
            id="none of it",
        ),
    ],
)
def test_files_that_a_run_would_not_read_are_told(files: dict[str, Any], told: str) -> None:
    written = StringIO()
    ended = Execution("r", "SUCCEEDED", datetime(2020, 3, 1, tzinfo=UTC))
    show(Console(file=written, width=200), Outcome(ended, {"files": files}, {}, {}), Path("x"))
    assert written.getvalue() == told
