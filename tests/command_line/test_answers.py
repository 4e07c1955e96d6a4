"""Summaries as text and as one JSON document."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from typer.testing import CliRunner, Result

from command_line.answers import AnsweringCommand, Answers, Json, answers


class Fault(NamedTuple):
    line: int
    reason: str


class Emptied:
    """A value that says itself what a document holds of it."""

    def document(self) -> dict[str, Any]:
        return {"books.num_pages": {"count": 1}}


@dataclass(frozen=True)
class File:
    path: Path
    size: int


@dataclass(frozen=True)
class Summary:
    files: Sequence[File]
    faults: Sequence[Fault]
    emptied: Emptied
    outage: str | None

    def __str__(self) -> str:
        return f"{len(self.files)} files"


SUMMARY = Summary([File(Path("a") / "b.csv", 3)], [Fault(2, "Pe\u00f1a\u202e")], Emptied(), None)


@pytest.fixture(autouse=True)
def usual_answers() -> Iterator[None]:
    """The next test of the process begins without --json."""
    yield
    answers.choose(as_json=False)


def test_a_summary_is_told_by_its_fields_in_one_line_of_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    mine = Answers()
    mine.choose(as_json=True)
    mine.give(SUMMARY, lambda: typer.echo(SUMMARY))
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert told.isascii()
    assert json.loads(told) == {
        "files": [{"path": "a/b.csv", "size": 3}],
        "faults": [{"line": 2, "reason": "Pe\u00f1a\u202e"}],
        "emptied": {"books.num_pages": {"count": 1}},
        "outage": None,
    }


@pytest.mark.parametrize("value", [b"abc", bytearray(b"abc")])
def test_bytes_are_text_and_no_list_of_numbers(
    capsys: pytest.CaptureFixture[str], value: bytes | bytearray
) -> None:
    mine = Answers()
    mine.choose(as_json=True)
    mine.give({"values": [value]}, lambda: None)
    assert json.loads(capsys.readouterr().out) == {"values": [str(value)]}


def test_without_the_option_the_text_is_shown_and_an_error_is_no_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    mine = Answers()
    mine.give(SUMMARY, lambda: typer.echo(SUMMARY))
    mine.failed("lost")
    assert capsys.readouterr().out == "1 files\n"


def test_a_command_answers_once(capsys: pytest.CaptureFixture[str]) -> None:
    mine = Answers()
    mine.choose(as_json=True)
    mine.give(SUMMARY, lambda: None)
    mine.failed("too late")
    assert len(capsys.readouterr().out.splitlines()) == 1
    with pytest.raises(RuntimeError, match="a command answers once"):
        mine.give(SUMMARY, lambda: None)


app = typer.Typer(pretty_exceptions_enable=False)


@app.command(cls=AnsweringCommand)
def main(number: int, *, as_json: Json = False) -> None:
    answers.choose(as_json=as_json)
    match number:
        case 0:
            answers.give(SUMMARY, lambda: typer.echo(SUMMARY))
        case 1:
            raise typer.BadParameter("one is too few", param_hint="NUMBER")
        case 2:
            raise KeyError("a mistake in the code")
        case 3:
            raise KeyboardInterrupt
        case _:
            answers.give(SUMMARY, lambda: typer.echo(SUMMARY))
            raise typer.Exit(1)


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "exit_code"),
    [
        (["1"], "Invalid value for NUMBER: one is too few", 2),
        ([], "Missing argument 'number'.", 2),
        (["0", "--fast"], "No such option: --fast", 2),
        (["2"], "KeyError: 'a mistake in the code'", 1),
        (["3"], "interrupted", 130),
    ],
)
def test_a_command_that_cannot_go_on_answers_with_the_error(
    arguments: list[str], error: str, exit_code: int
) -> None:
    result, plain = run("--json", *arguments), run(*arguments)
    assert json.loads(result.stdout) == {"error": error}
    assert (result.exit_code, plain.exit_code, plain.stdout) == (exit_code, exit_code, "")


def test_a_result_with_another_exit_code_is_no_error() -> None:
    result = run("4", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["outage"] is None
    assert run("4").stdout == "1 files\n"
