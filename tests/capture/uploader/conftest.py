"""A spool, and a landing zone that the environment points at."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.stopping import Stop
from capture.uploader.landing_zone import Landing
from capture.uploader.uploader import Uploader
from tests.capture.uploader.zone import Zone


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """The folder of a spool that is empty."""
    folder = tmp_path / "spool"
    (folder / "ready").mkdir(parents=True)
    return folder


@pytest.fixture
def zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    """A landing zone; AWS clients made during the test talk to it."""
    (tmp_path / "buckets").mkdir()
    zone = Zone(tmp_path / "buckets")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in zone.variables().items():
        monkeypatch.setenv(name, value)
    yield zone
    zone.down()


@pytest.fixture
def uploader(spool: Path, zone: Zone, stop: Stop) -> Uploader:  # noqa: ARG001 - the zone is up
    """One that uploads from the spool to the zone."""
    return Uploader(spool, Landing.at("s3://landing"), stop)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that an operator would read."""
    caplog.set_level(logging.INFO, logger="capture")
    return caplog
