"""Which files of a spool are finished ones, and that each has one uploader."""

import fcntl
from pathlib import Path
from typing import Any

import pytest

from capture.errors import SpoolError
from capture.uploader.ready import claim, survey
from tests.capture.uploader.zone import finish


def test_the_key_of_a_finished_file_is_its_path_below_ready(spool: Path) -> None:
    finish(spool, "users/b.csv")
    finish(spool, "reviews/c.csv")
    finish(spool, "reviews/a.csv")
    found = survey(spool / "ready")
    assert [file.key for file in found.files] == ["reviews/a.csv", "reviews/c.csv", "users/b.csv"]
    assert [file.path for file in found.files] == [spool / "ready" / file.key for file in found.files]
    assert found.strange == []


@pytest.mark.parametrize("folders", ["ready", "ready/reviews"])
def test_a_spool_without_finished_files_has_none(tmp_path: Path, folders: str) -> None:
    (tmp_path / folders).mkdir(parents=True)
    assert survey(tmp_path / "ready") == survey(tmp_path / "no such folder")


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("reviews/notes.txt", "a file"),
        ("reviews/.a.csv.swp.csv", "a file"),
        ("reviews/deeper/a.csv", "a folder"),
        ("films/a.csv", "a folder"),
        ("a.csv", "a file"),
    ],
)
def test_a_foreign_file_is_told_and_not_taken(spool: Path, place: str, kind: str) -> None:
    path = spool / "ready" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("id\n")
    found = survey(spool / "ready")
    assert found.files == []
    (told,) = found.strange
    assert f"is {kind} that is left alone: expected only" in told
    assert told.startswith(str(spool / "ready"))


def test_links_to_files_and_to_folders_are_told_and_not_followed(spool: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.csv").write_text("id\n")
    (spool / "ready" / "users").symlink_to(tmp_path / "elsewhere")
    (spool / "ready" / "books").mkdir()
    (spool / "ready" / "books" / "a.csv").symlink_to(tmp_path / "elsewhere" / "a.csv")
    found = survey(spool / "ready")
    assert found.files == []
    assert [" is a link that is left alone" in told for told in found.strange] == [True, True]


def test_an_empty_folder_of_another_name_is_told(spool: Path) -> None:
    (spool / "ready" / "reviews.old").mkdir()
    (told,) = survey(spool / "ready").strange
    assert "reviews.old is a folder that is left alone: expected only the folders authors, books" in told


def test_a_file_in_the_place_of_the_folder_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "ready").write_text("")
    with pytest.raises(SpoolError, match="ready cannot be read: Not a directory"):
        survey(tmp_path / "ready")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.csv"
    file.write_bytes(b"id\n1\n")
    return file


def test_a_claimed_file_can_be_read_and_is_as_it_was(path: Path) -> None:
    with claim(path) as file:
        assert file.read() == b"id\n1\n"
    assert path.read_bytes() == b"id\n1\n"


def test_a_claimed_file_cannot_be_claimed_again_until_it_is_closed(path: Path) -> None:
    with claim(path), pytest.raises(BlockingIOError):
        claim(path)
    claim(path).close()


def test_a_file_that_is_gone_cannot_be_claimed(path: Path) -> None:
    path.unlink()
    with pytest.raises(FileNotFoundError):
        claim(path)


def test_a_file_that_another_finishes_between_opening_and_locking_is_not_claimed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock

    def late(*arguments: Any) -> None:
        path.unlink()
        lock(*arguments)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(FileNotFoundError):
        claim(path)
