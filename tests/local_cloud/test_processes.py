"""A process and its children, ended."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from local_cloud.processes import end_tree, start
from tests.local_cloud.alive import is_alive
from tests.local_cloud.waiting import PATIENCE, until

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_a_process_that_ignores_the_request_to_end_is_killed_with_its_children() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        end_tree(process, grace_seconds=0.5)
    assert process.returncode == -9
    until(lambda: not is_alive(child))


def test_a_process_that_has_ended_keeps_its_exit_code() -> None:
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as process:
        process.wait()
        end_tree(process)
    assert process.returncode == 3


def test_the_exit_code_of_a_process_that_was_ended_says_so() -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        end_tree(process)
    assert process.returncode == -15


HOLDER = """
import os, sys, time
from local_cloud import processes
processes.LEASH_SECONDS = int(sys.argv[2])
processes.start(["sh", "-c", sys.argv[1]])
os.close(1)
time.sleep(600)
"""
POLITE = "sleep 600 & echo $$ $!; wait"
RELUCTANT = "trap '' TERM; sleep 600 & echo $$ $!; while :; do wait; done"
ORDERLY = "trap 'sleep 0.3; echo in order > {path}; exit' TERM; sleep 600 & echo $$ $!; wait"


@pytest.mark.slow
@pytest.mark.parametrize("script", [POLITE, RELUCTANT], ids=["polite", "reluctant"])
def test_what_was_started_ends_with_all_that_it_has_started_when_its_starter_is_killed(script: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, script, "1"], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        family = [int(pid) for pid in holder.stdout.readline().split()]
        assert all(map(is_alive, family))
        holder.kill()
    assert len(family) == 2
    until(lambda: not any(map(is_alive, family)))


def test_what_was_started_is_first_asked_to_end_and_given_time_for_it(tmp_path: Path) -> None:
    script = ORDERLY.format(path=tmp_path / "told")
    command = [sys.executable, "-c", HOLDER, script, str(PATIENCE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
    until((tmp_path / "told").exists)


@pytest.mark.slow
def test_nothing_stays_beside_what_was_started_once_it_has_ended() -> None:
    process = start(["true"])
    assert process.wait() == 0
    until(lambda: not has_members(process.pid))


def has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("script", "code"), [("exit 3", 3), ("kill -KILL $$", -9), ("kill -PIPE $$", -13)])
def test_what_was_started_ends_with_the_exit_code_of_the_command(script: str, code: int) -> None:
    assert start(["sh", "-c", script]).wait() == code


ANSWER = """
import os, sys
descriptor = int(sys.argv[1])
os.write(descriptor, f"{os.getcwd()} {os.environ['WORD']}".encode())
os.close(descriptor)
sys.stdin.read()
"""


def test_what_was_started_gets_its_options_and_the_descriptors_it_was_given(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    process = start(
        [sys.executable, "-c", ANSWER, str(writing)],
        pass_fds=[writing],
        stdin=subprocess.PIPE,
        cwd=tmp_path,
        env=os.environ | {"WORD": "told"},
    )
    with process, os.fdopen(reading) as answers:
        os.close(writing)
        until(lambda: is_closed_by_others(reading))
        assert answers.read() == f"{tmp_path} told"


def is_closed_by_others(descriptor: int) -> bool:
    """Whether nobody can write to a pipe any more."""
    hang_up = select.poll()
    hang_up.register(descriptor, 0)
    return bool(hang_up.poll(0))


def test_a_command_that_is_not_there_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    assert start(["no-such-command"]).wait() == 1
    assert "No such file or directory" in capfd.readouterr().err
