"""A process and its children, ended."""

import subprocess
import sys

from local_cloud.processes import end_tree
from tests.local_cloud.alive import is_alive

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_process_that_ignores_the_request_to_end_is_killed_with_its_children() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        end_tree(process, grace_seconds=0.5)
    assert process.returncode == -9
    assert not is_alive(child)


def test_a_process_that_has_ended_keeps_its_exit_code() -> None:
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as process:
        process.wait()
        end_tree(process)
    assert process.returncode == 3


def test_the_exit_code_of_a_process_that_was_ended_says_so() -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        end_tree(process)
    assert process.returncode == -15
