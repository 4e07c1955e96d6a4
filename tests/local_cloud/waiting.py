"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable

PATIENCE = 600
"""The seconds that a test waits for what must come: more than any load of the machine delays it, so only a defect waits that long."""


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Ask again and again; AssertionError if it has not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds} seconds"
        time.sleep(0.01)
