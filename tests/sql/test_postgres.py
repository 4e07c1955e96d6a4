"""The server of the rival leaves nothing running."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.local_cloud.alive import is_alive
from tests.local_cloud.waiting import until

STARTER = """
import psutil, sys
from tests.sql.postgres import postgres
with postgres():
    print(*{child.pid for child in psutil.Process().children(recursive=True)}, flush=True)
    sys.stdin.read()
"""


@contextmanager
def _open_folder() -> Iterator[str]:
    """A folder that nobody may enter too; what a killed starter leaves in it goes with it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield folder


@pytest.mark.slow
def test_the_server_ends_with_a_starter_that_is_killed() -> None:
    with (
        _open_folder() as folder,
        subprocess.Popen(
            [sys.executable, "-c", STARTER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "TMPDIR": folder},
        ) as starter,
    ):
        assert starter.stdout is not None
        processes = [int(pid) for pid in starter.stdout.readline().split()]
        names = {psutil.Process(pid).name() for pid in processes}
        starter.kill()
        until(lambda: not any(map(is_alive, processes)))
    assert "postgres" in names
