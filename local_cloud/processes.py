"""Child processes that leave nothing behind."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import psutil

LEASH_SECONDS = 2
"""What a child is given to end by itself once this process has ended."""

_GRACE_SECONDS = 3
_POLL_SECONDS = 0.01
_LEASH = Path(__file__).with_name("leash.py")


def start(
    command: Sequence[str | Path], *, pass_fds: Collection[int] = (), **options: Any
) -> "subprocess.Popen[bytes]":
    """Start a child in a session of its own, with the options of Popen; it ends when this process ends, even by SIGKILL.

    In order it is ended by `end_tree`: Ctrl-C in the terminal reaches this process only. A command that cannot be started ends with 1
    and says why.
    """
    return subprocess.Popen(
        [sys.executable, "-IS", _LEASH, str(_leash()), str(LEASH_SECONDS), *command],
        pass_fds=[*pass_fds, _leash()],
        start_new_session=True,
        **options,
    )


@cache
def _leash() -> int:
    """The end of a pipe that children watch; the other end is open for as long as this process lives."""
    watched, _held = os.pipe()
    return watched


class Process(Protocol):
    """A process that somebody waits for: a Popen, for one."""

    @property
    def pid(self) -> int:
        """Its number."""

    def wait(self) -> int:
        """Its exit code, once it has ended."""


def end_tree(process: Process, grace_seconds: float = _GRACE_SECONDS) -> None:
    """Terminate a process and everything it has started; kill what does not go within the grace time."""
    try:
        parent = psutil.Process(process.pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        process.wait()
        return
    for request in (psutil.Process.terminate, psutil.Process.kill):
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                request(member)
        deadline = time.monotonic() + grace_seconds
        while any(_runs(member) for member in family) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
    process.wait()


def _runs(member: psutil.Process) -> bool:
    """False for a zombie: exited, but not yet reaped by its parent."""
    try:
        return bool(member.is_running() and member.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
