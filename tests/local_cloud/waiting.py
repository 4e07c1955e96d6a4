"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Ask again and again; AssertionError if it has not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds} seconds"
        time.sleep(0.01)
