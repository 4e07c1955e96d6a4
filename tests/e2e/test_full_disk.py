"""A run on a disk that is full: the command says so, and once there is room the next run goes through."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stacks import ROOT

pytestmark = pytest.mark.e2e

Room = Callable[[str], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Room]]:
    """A folder on a disk of its own, and how to change the size of that disk."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
        return os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0

    if sys.platform != "linux" or not mount("size=1m"):
        pytest.skip("only Linux's root can mount a small disk; tests/landing/test_disk.py needs none")

    def make_room(size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)

    try:
        yield folder, make_room
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def run(state: Path, size: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "operations", "run", "--size", size, "--state", str(state)]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk_is_told_wherever_it_is_met_and_the_next_run_goes_through(
    disk: tuple[Path, Room],
) -> None:
    folder, make_room = disk
    state = folder / "state"
    for size in ("1m", "20m"):  # full at the synthesis, and while the made-up files land
        make_room(size)
        failed = run(state, "30MB")
        told = failed.stderr.strip().splitlines()[-1]
        assert failed.returncode == 1
        assert "error: " in told
        assert "disk full: " in told
        assert "free in" in told
    make_room("300m")
    assert run(state, "200KB").returncode == 0
