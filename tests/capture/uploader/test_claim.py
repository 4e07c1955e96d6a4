"""A file has one uploader at a time."""

import fcntl
from pathlib import Path
from typing import Any

import pytest

from capture.uploader.claim import claim


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
