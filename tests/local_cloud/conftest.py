"""An endpoint without a deployment, for the tests that need a control plane."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from local_cloud.addresses import Addresses
from local_cloud.endpoint import serving
from local_cloud.state import StateFolder


@dataclass(frozen=True)
class Endpoint:
    """A running endpoint and the folder it serves."""

    addresses: Addresses
    state: StateFolder


@contextmanager
def environment_restored() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def environment() -> Iterator[None]:
    """What a test or the code it runs sets in the environment is gone afterwards."""
    with environment_restored():
        yield


@contextmanager
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint that boto3 clients made in the block talk to; nothing is deployed in it."""
    state = StateFolder(tmp_path_factory.mktemp("state"))
    with environment_restored(), serving(state, "test") as addresses:
        yield Endpoint(addresses, state)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint for the tests of a module."""
    with served(tmp_path_factory) as endpoint:
        yield endpoint
