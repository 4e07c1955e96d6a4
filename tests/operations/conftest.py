"""An endpoint without a deployment, for the commands that look at one."""

import signal
from collections.abc import Iterator

import pytest

from tests.local_cloud.conftest import endpoint, environment

__all__ = ["endpoint", "environment"]


@pytest.fixture
def signals() -> Iterator[None]:
    """The commands change how the process takes SIGINT and SIGTERM; afterwards it takes them as before."""
    endings = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(ending) for ending in endings]
    yield
    for ending, handler in zip(endings, before, strict=True):
        signal.signal(ending, handler)
