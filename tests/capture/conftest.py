"""Folders in memory, a spool, and a wish to end."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from capture.spool.spool import Spool, held
from capture.stopping import Stop
from tests.capture.scratch import scratch


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In place of pytest's, which is on the disk."""
    with scratch() as folder:
        yield folder


@pytest.fixture
def stop() -> Iterator[Stop]:
    """Not set."""
    with closing(Stop()) as stop:
        yield stop


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """Empty, and held by the test."""
    with held(tmp_path / "spool") as spool:
        yield spool
