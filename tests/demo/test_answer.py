"""What `python -m demo --json` answers; the stage and the play are left out."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from command_line.answers import answers
from demo import __main__ as demo
from demo.display import Sum
from demo.stage import DemoError


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """A command changes how its process takes signals, and answers in JSON."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    answers.choose(as_json=False)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The demo published reviews 1 and 2; the warehouse has 2 twice and 3."""

    @contextmanager
    def stage(*_: Any, **__: Any) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(goodreads=SimpleNamespace(published=[]), folder=None)

    def say(console: Console, *_: object) -> None:
        console.print("the play")

    monkeypatch.setattr(demo, "stage", stage)
    monkeypatch.setattr(demo, "_play", say)
    monkeypatch.setattr(demo, "show_analytics", say)
    monkeypatch.setattr(demo, "summed_up", lambda *_: Sum([1, 2], [2, 2, 3]))
    return monkeypatch


def run(*options: str) -> Result:
    return CliRunner().invoke(demo.app, options)


@pytest.mark.usefixtures("played")
def test_the_answer_counts_the_reviews_and_everything_else_goes_to_stderr() -> None:
    result = run("--json")
    assert result.exit_code == run().exit_code == 1
    assert json.loads(result.stdout) == {
        "published": 2,
        "stored": 3,
        "missing": 1,
        "never_published": 1,
        "holds": False,
    }
    assert result.stderr.count("the play") == 2


@pytest.mark.parametrize(
    ("raised", "error", "exit_code"),
    [(DemoError("stuck"), "stuck", 1), (KeyboardInterrupt(), "interrupted", 130)],
)
def test_a_demo_that_cannot_go_on_answers_with_the_error(
    played: pytest.MonkeyPatch, raised: BaseException, error: str, exit_code: int
) -> None:
    def stop(*_: object) -> None:
        raise raised

    played.setattr(demo, "_play", stop)
    result = run("--json")
    assert result.exit_code == exit_code
    assert json.loads(result.stdout) == {"error": error}
