"""A simulated Goodreads without reviews."""

from collections.abc import Iterator

import pytest

from capture.simulated import SimulatedGoodreads, simulated_goodreads


@pytest.fixture
def goodreads() -> Iterator[SimulatedGoodreads]:
    """It publishes by call only."""
    with simulated_goodreads() as running:
        yield running
