"""A smoke test that was interrupted knows how far it had come."""

import json
from pathlib import Path

import pytest

from operations.smoke.progress import Found, Progress


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress.begin(tmp_path, {"name": "first"})


def again(progress: Progress) -> Progress:
    """As the next call finds it."""
    found = Progress.of(progress.folder)
    assert found
    return found


def test_nothing_is_spent_before_the_deployment_begins(progress: Progress) -> None:
    progress.enter("here", spends=False)
    progress.leave("here", Found(), 1)
    assert (again(progress).has("here"), again(progress).spends, again(progress).hours) == (True, False, 0)


def test_a_part_that_was_interrupted_is_not_done_and_keeps_its_notes(progress: Progress) -> None:
    progress.enter("run", spends=True)
    progress.note("run", execution="2020-02-19")
    later = again(progress)
    since = later.spends_since
    later.enter("run", spends=True)
    assert (later.has("run"), later.has_begun("run"), later.spends) == (False, True, True)
    assert (later.noted("run", "execution"), later.spends_since) == ("2020-02-19", since)


def test_a_part_with_a_fault_is_done_again(progress: Progress) -> None:
    progress.enter("compare", spends=False)
    progress.leave("compare", Found({"tables": []}, "reviews differ"), 1)
    assert (again(progress).has("compare"), again(progress).faults) == (False, {"compare": "reviews differ"})


def test_after_the_teardown_nothing_is_spent_and_the_document_is_a_report(progress: Progress) -> None:
    progress.enter("deploy", spends=True)
    progress.enter("teardown", spends=False)
    progress.leave("teardown", Found(), 1)
    assert not progress.spends
    report = progress.close()
    assert json.loads(report.read_text())["parts"]["teardown"]["outcome"] == "done"
    assert Progress.of(progress.folder) is None
