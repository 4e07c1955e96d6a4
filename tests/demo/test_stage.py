"""The collector and the uploader as processes."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.stage import DemoError, Worker
from tests.local_cloud.waiting import PATIENCE


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    """Workers to be ended after the test."""
    started: list[Worker] = []
    yield started
    for worker in started:
        worker.close()


def until_said(log: Path, text: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (log.exists() and text in log.read_text()):
        assert time.monotonic() < deadline, f"{log} does not say {text!r}"
        time.sleep(0.02)


def check_until_it_ends(worker: Worker) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        worker.check()
        time.sleep(0.02)


@pytest.mark.slow
def test_a_worker_that_was_killed_can_be_started_again_and_ends_in_order(
    tmp_path: Path, workers: list[Worker]
) -> None:
    log = tmp_path / "logs" / "log"
    nowhere = ["--base-url", "http://localhost:1/", "--key", "any", "--rate", "300"]
    worker = Worker("collector", ["collect", "--spool", str(tmp_path / "spool"), *nowhere], log)
    workers.append(worker)
    worker.start()
    until_said(log, "Goodreads does not answer")
    worker.check()
    worker.kill()
    with pytest.raises(DemoError, match="the collector has ended with -9"):
        worker.check()
    log.unlink()
    worker.start()
    until_said(log, "Goodreads does not answer")
    worker.finish(PATIENCE)
    assert "0 reviews captured" in log.read_text()


@pytest.mark.slow
def test_a_worker_that_ends_by_itself_is_reported_with_its_last_words(
    tmp_path: Path, workers: list[Worker]
) -> None:
    worker = Worker("collector", ["collect"], tmp_path / "log")
    workers.append(worker)
    worker.start()
    with pytest.raises(DemoError, match=r"the collector has ended with 2: .*--spool.*\(log: "):
        check_until_it_ends(worker)
