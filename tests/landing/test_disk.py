"""A full disk is recognised by whatever name a program calls it."""

import errno
import os
from pathlib import Path

import pytest

from landing import disk
from landing.disk import cause_told, disk_full, is_full, is_of_full_disk


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_every_error_of_the_system_for_a_full_disk_is_recognised(number: int) -> None:
    assert is_full(OSError(number, os.strerror(number)))


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ENOENT])
def test_other_errors_of_the_system_are_not_taken_for_a_full_disk(number: int) -> None:
    assert not is_full(OSError(number, os.strerror(number)))


@pytest.mark.parametrize(
    "message",
    [
        "Caused by: java.io.IOException: No space left on device",
        'Could not write file "warehouse.duckdb.wal": No space left on device',
        "RuntimeError: ENOSPC: no space left on device, copyfile 'a' -> 'b'",
        "OSError: [Errno 28] Error writing bytes to file. Detail: [errno 28] No space left on device",
        "An error occurred (InsufficientStorage) when calling the PutObject operation: disk full: 0 bytes free in x",
        "Disk quota exceeded",
    ],
)
def test_the_messages_of_other_programs_are_recognised(message: str) -> None:
    assert is_of_full_disk(message)
    assert is_full(RuntimeError(message))


def test_a_person_is_told_where_and_how_much_is_free(tmp_path: Path) -> None:
    told = disk_full(tmp_path / "not" / "yet" / "made")
    assert told.startswith("disk full: ")
    assert f" free in {tmp_path}/not/yet/made; make room there" in told
    assert not is_of_full_disk("the file is full of quotes")


def test_a_failure_on_a_full_disk_names_the_disk_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cause_told("exit code 1", tmp_path) == "exit code 1", "there is room"
    monkeypatch.setattr(disk, "_ROOM", 1 << 80)
    assert cause_told("exit code 1", tmp_path).startswith("exit code 1; disk full: ")
    assert cause_told("write: No space left on device", tmp_path) == "write: No space left on device"
