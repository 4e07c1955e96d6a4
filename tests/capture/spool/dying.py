"""A process that is killed just before it executes a given line of the code that stores captured or imported records."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import Any

from capture import landing_files
from capture.collector import backlog, collector
from capture.follower import follower, memory
from capture.goodbooks import importing as goodbooks
from capture.spool import durable, spool, state
from capture.ucsd import importing as ucsd
from landing import aside, stores
from tests.local_cloud.waiting import PATIENCE

_CAPTURING = (aside, backlog, collector, durable, follower, memory, spool, state)
_IMPORTING = (aside, goodbooks, landing_files, stores, ucsd)
_KEEPING = {module.__file__ for module in (*_CAPTURING, *_IMPORTING)}


def dies(work: Callable[[], object], line: int) -> bool:
    """Do the work in a child process that gets SIGKILL before its `line`-th such line; whether it came to that."""
    child = os.fork()
    if child == 0:
        _work_and_exit(work, line)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _work_and_exit(work: Callable[[], object], line: int) -> None:
    lines = count(1)

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename not in _KEEPING:
            return None
        if event == "line" and next(lines) == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    signal.alarm(PATIENCE)  # a child that hangs must not hang the tests
    sys.settrace(trace)
    try:
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - it must not come back into the test
        traceback.print_exc()
        os._exit(1)
