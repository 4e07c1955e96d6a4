"""Child processes that leave nothing behind."""

import contextlib
import subprocess
import time

import psutil

_GRACE_SECONDS = 3
_POLL_SECONDS = 0.01


def end_tree(process: "subprocess.Popen[bytes]", grace_seconds: float = _GRACE_SECONDS) -> None:
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
    """Not so of one that has ended and that its parent, which may be the system's first process, will note later."""
    try:
        return bool(member.is_running() and member.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
