"""A simulated Goodreads, and what asks it."""

from collections.abc import Callable, Iterator

import pytest

from capture.asking import Pace
from capture.collector.goodreads import Goodreads, PatientClient
from capture.simulated import SimulatedGoodreads, simulated_goodreads
from capture.stopping import Stop

KEY = "s3cr3t/key+"
INTERVAL = 0.001
"""Seconds between two requests: retries pause in proportion."""


@pytest.fixture
def goodreads() -> Iterator[SimulatedGoodreads]:
    with simulated_goodreads(reviews=5) as site:
        yield site


@pytest.fixture
def client_at(stop: Stop) -> Iterator[Callable[[str], PatientClient]]:
    clients: list[PatientClient] = []

    def made(url: str) -> PatientClient:
        clients.append(PatientClient(KEY, url, Pace(1 / INTERVAL, stop)))
        return clients[-1]

    yield made
    for client in clients:
        client.close()


@pytest.fixture
def source(goodreads: SimulatedGoodreads, client_at: Callable[[str], PatientClient], stop: Stop) -> Goodreads:
    return Goodreads(client_at(goodreads.url), stop, INTERVAL)
