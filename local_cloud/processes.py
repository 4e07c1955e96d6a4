"""Child processes that leave nothing behind."""

import contextlib
import subprocess

import psutil

_GRACE_SECONDS = 3


def end_tree(process: "subprocess.Popen[bytes]") -> None:
    """Terminate a process and everything it has started; kill what does not go within a few seconds."""
    try:
        parent = psutil.Process(process.pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        process.wait()
        return
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.terminate()
    _, alive = psutil.wait_procs(family, timeout=_GRACE_SECONDS)
    for member in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()
