"""The folder of an endpoint, held by processes that really exist."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.state import Running, StateFolder
from stacks import ROOT

HOLDER = """
import os, sys
from pathlib import Path
from local_cloud.state import Running, StateFolder

folder = StateFolder(Path(sys.argv[1]))
with folder.locked():
    if sys.argv[2]:
        folder.announce(Running(os.getpid(), sys.argv[2], "http://localhost:4510", "http://127.0.0.1:4511"))
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(root: Path, purpose: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process holds the folder, and has announced itself if it has a purpose."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root), purpose],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_that_is_served_is_refused_with_the_process_and_what_it_is_for(tmp_path: Path) -> None:
    with (
        held(tmp_path, "up") as holder,
        pytest.raises(LocalCloudError) as refused,
        StateFolder(tmp_path).locked(),
    ):
        pass  # fmt: skip
    assert str(refused.value) == (
        f"the state folder {tmp_path} is in use: `up`, process {holder.pid}, serves it. "
        "Wait for it to end, or give another folder: --state"
    )


def test_a_folder_that_is_just_being_taken_is_refused_as_well(tmp_path: Path) -> None:
    with held(tmp_path, ""), pytest.raises(LocalCloudError, match="another process is starting on it"), StateFolder(tmp_path).locked():  # fmt: skip
        pass


def test_the_endpoint_that_serves_a_folder_is_found_with_its_addresses(tmp_path: Path) -> None:
    with held(tmp_path, "run") as holder:
        found = StateFolder(tmp_path).running()
    assert found == Running(holder.pid, "run", "http://localhost:4510", "http://127.0.0.1:4511")
    assert found.addresses.variables()["AWS_ENDPOINT_URL_S3"] == "http://127.0.0.1:4511"


def test_a_process_that_was_killed_leaves_the_folder_free(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    with held(tmp_path, "up") as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert (tmp_path / "endpoint.json").exists()
        assert folder.running() is None
        with folder.locked():
            assert folder.running() is None


def test_an_endpoint_is_running_only_while_its_folder_is_locked(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    mine = Running(1, "up", "http://localhost:1", "http://127.0.0.1:2")  # process 1 always exists
    assert folder.running() is None
    with folder.locked():
        assert folder.running() is None
        folder.announce(mine)
        assert folder.running() == mine
    assert folder.running() is None
    folder.announce(mine)
    assert folder.running() is None


def test_a_folder_is_free_again_after_an_error_inside(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    with pytest.raises(KeyboardInterrupt), folder.locked():
        raise KeyboardInterrupt
    with folder.locked():
        folder.announce(Running(1, "run", "http://localhost:1", "http://127.0.0.1:2"))
        assert json.loads((tmp_path / "endpoint.json").read_text())["purpose"] == "run"


def test_asking_about_a_folder_that_does_not_exist_does_not_make_it(tmp_path: Path) -> None:
    assert StateFolder(tmp_path / "nowhere").running() is None
    assert not (tmp_path / "nowhere").exists()
