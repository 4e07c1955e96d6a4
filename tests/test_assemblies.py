"""What one test run makes is not found by another."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.assemblies import made_once

Make = Callable[[str], Path]


@pytest.fixture
def made(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes a thing, or finds it, in a test run whose folder of temporary files has that name."""

    def make(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.setattr(tmp_path_factory, "getbasetemp", lambda: folder)
        return made_once(tmp_path_factory, "thing", {}, lambda made: made.mkdir())

    return make


def test_workers_of_a_run_share_what_is_made(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    first = made("pytest-1/popen-gw0")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    assert made("pytest-1/popen-gw1") == first
    assert made("pytest-2/popen-gw1") != first


def test_a_run_within_a_test_of_a_worker_shares_nothing(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    assert made("pytest-1") != made("pytest-2")


def test_a_run_without_workers_shares_nothing(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    assert made("pytest-1") != made("pytest-2")
