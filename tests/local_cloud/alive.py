"""Is a process still there?"""

import psutil


def is_alive(pid: int) -> bool:
    """Whether it runs; one that has ended but was not waited for by its parent does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
