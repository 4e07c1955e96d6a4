"""Processes that are forked from one that has imported what every function imports: on AWS, too, functions share what is below them.

The parent of all of them is child.py with `--parent`. It imports no deployed code, so a new process has the code, the environment and
the keys of its own function only. How a process ended is told by a pipe of its own.
"""

import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from local_cloud.deployed_only import DEPLOYED_ONLY
from local_cloud.processes import end_tree

_CHILD = Path(__file__).with_name("child.py")
_KILLED = -9


class Forked:
    """A process; `poll` and `wait` are those of a Popen, and -9 is also the code of a process whose end nobody saw."""

    def __init__(self, pid: int, ending: int) -> None:
        self.pid = pid
        self._ending = ending
        self._code: int | None = None
        self._lock = threading.Lock()

    def wait(self) -> int:
        """The exit code, once the process has ended."""
        with self._lock:
            if self._code is None:
                told = os.read(self._ending, 16)
                os.close(self._ending)
                self._code = int(told) if told else _KILLED
            return self._code

    def poll(self) -> int | None:
        """The exit code; None while the process runs."""
        if self._code is None:
            ending = select.poll()
            ending.register(self._ending, select.POLLIN)
            if not ending.poll(0):
                return None
        return self.wait()


class Forks:
    """Starts the parent when it is first needed."""

    def __init__(self) -> None:
        self._parent: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the parent, so that it is ready when the first process is wanted."""
        with self._lock:
            self._started()

    def fork(
        self, handler: str, environment: Mapping[str, str], events: int, answers: int, log: int
    ) -> Forked:
        """A process that runs the handler in the environment; it reads events, writes answers, and prints to the log."""
        request = json.dumps({"handler": handler, "environment": dict(environment)}).encode()
        forked = self._asked(request, events, answers, log)
        if forked is None:  # somebody has killed the parent
            self.close()
            forked = self._asked(request, events, answers, log)
        if forked is None:
            raise RuntimeError("the process that starts functions has ended")
        return forked

    def _asked(self, request: bytes, *files: int) -> Forked | None:
        ending, told = os.pipe()
        with self._lock:
            try:
                control = self._started()
                socket.send_fds(control, [len(request).to_bytes(4)], [*files, told])
                control.sendall(request)
                pid = int.from_bytes(control.recv(4))
            except OSError:
                pid = 0
            finally:
                os.close(told)
        if pid:
            return Forked(pid, ending)
        os.close(ending)
        return None

    def close(self) -> None:
        """End the parent. The processes that were forked end with their events."""
        with self._lock:
            parent, control = self._parent, self._control
            self._parent = self._control = None
        if parent and control:
            control.close()
            end_tree(parent)

    def _started(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair()
            with closing(theirs):
                self._parent = subprocess.Popen(
                    [sys.executable, "-P", str(_CHILD), "--parent", str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env={"PATH": os.environ["PATH"], "PYTHONPATH": str(DEPLOYED_ONLY)},
                    start_new_session=True,  # Ctrl-C in the terminal is for the command; the command ends the children
                )
        return self._control
