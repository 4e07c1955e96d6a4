"""Answers in JSON, and what a terminal is spared."""

import json
import math
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from email.message import EmailMessage
from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from local_cloud.iam import Call, Caller, Judge, Record
from local_cloud.iam.deployed import Deployed
from local_cloud.mailbox import Mailbox
from local_cloud.redshift import RedshiftEngine
from local_cloud.state import StateFolder
from operations.__main__ import app
from operations.errors import OperationError
from operations.terminal import Terminal, console, told
from tests.operations.documented import answered, documented

pytestmark = pytest.mark.usefixtures("environment", "signals", "usual_terminal")


@pytest.fixture
def usual_terminal() -> Iterator[None]:
    """The next test of the process begins without --json."""
    yield
    console.choose(as_json=False)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments), "--json"])


def archived(state: StateFolder) -> None:
    """One execution that has ended."""
    state.executions.mkdir(parents=True, exist_ok=True)
    description = {
        "name": "run-1",
        "status": "FAILED",
        "startDate": "2026-02-28T03:12:00+00:00",
        "stopDate": "2026-02-28T03:13:00+00:00",
        "error": "Lost",
        "cause": '{"errorMessage": "\\u001b[2J gone"}',
    }
    document = {"description": description, "events": []}
    (state.executions / "run-1.json").write_text(json.dumps(document), encoding="utf-8")


def mailed(state: StateFolder) -> None:
    message = EmailMessage()
    message["Date"] = datetime(2026, 2, 28, 3, 12, tzinfo=UTC)
    message["Subject"] = "failed"
    message.set_content("what happened\n")
    Mailbox(state.mail).put(message)


def called(state: StateFolder) -> None:
    """One call of a role that may make it."""
    role = "arn:aws:iam::123456789012:role/p-PlanRole1A2B3C4D-X"
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}
    what = Deployed(
        callers={role: {"inline": {"Version": "2012-10-17", "Statement": statement}}},
        labels={role: "PlanRole1A2B3C4D"},
    )
    caller = Caller("arn:aws:sts::123456789012:assumed-role/p/s", "123456789012", role=role)
    Judge(Record(state.permissions), lambda: what).decide(caller, Call("s3:GetObject", "arn:aws:s3:::b/k"))


def stored(state: StateFolder) -> None:
    with RedshiftEngine(database=state.warehouse, buckets=state.buckets):
        pass


def test_the_page_lists_every_command() -> None:
    shown = CliRunner(env={"COLUMNS": "300", "TERM": "dumb"}).invoke(app, ["--help"]).output
    listed = {line.split()[1] for line in shown.splitlines() if line.startswith("│ ") and line[2] != " "}
    assert {command.split()[0] for command in documented()} == {
        each for each in listed if not each.startswith("-")
    }


@pytest.mark.parametrize(
    ("prepare", "command", "arguments"),
    [
        (archived, "status", ["status"]),
        (archived, "history", ["history"]),
        (mailed, "mail", ["mail"]),
        (mailed, "mail NUMBER", ["mail", "1"]),
        (called, "permissions", ["permissions"]),
        (stored, "query", ["query", "select 1 as n"]),
    ],
)
def test_a_command_answers_with_the_keys_of_the_page(
    prepare: Callable[[StateFolder], None], command: str, arguments: list[str], tmp_path: Path
) -> None:
    prepare(StateFolder(tmp_path))
    result = run(*arguments, "--state", tmp_path)
    assert result.exit_code == 0, result.output
    answered(command, result)
    assert result.stderr == ""


def test_an_error_is_json_on_stdout_and_words_on_stderr(tmp_path: Path) -> None:
    result = run("history", "never-was", "--state", tmp_path)
    message = "there is no execution never-was; `pipeline status` lists the newest executions, with --newest N more of them"
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"error": message}
    assert result.stderr == f"error: {message}\n"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["query"], "Missing argument"),
        (["status", "--nope"], "--nope"),
        (["nope"], "No such command"),
        (["run", "--size", "lots"], "is not a size"),
    ],
)
def test_a_wrong_call_is_told_in_json_with_the_exit_code_2(arguments: list[str], part: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert part in json.loads(result.stdout)["error"]
    assert "Usage" in result.stderr


def test_json_before_the_command_is_a_wrong_call() -> None:
    result = CliRunner().invoke(app, ["--json", "status"])
    assert (json.loads(result.stdout), result.exit_code) == ({"error": "No such option: --json"}, 2)


def test_an_error_that_nobody_foresaw_is_json_as_well(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    archived(state)
    (state.executions / "run-1.json").write_text("{}", encoding="utf-8")
    result = run("status", "--state", tmp_path)
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"error": "KeyError: 'description'"}


def test_csv_and_json_are_not_given_at_once(tmp_path: Path) -> None:
    stored(StateFolder(tmp_path))
    result = run("query", "select 1", "--csv", "--state", tmp_path)
    assert json.loads(result.stdout) == {"error": "give --csv or --json, not both"}


def test_a_file_in_the_way_of_the_state_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("mail", "--state", tmp_path / "file")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"].endswith("Give a folder that you may write to, with --state")


def test_json_after_two_dashes_is_no_option(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["run", "--state", str(tmp_path / "state"), "--", "--json"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: found nothing at --json")


def answer_of(document: dict[str, object], capsys: pytest.CaptureFixture[str]) -> str:
    console.choose(as_json=True)
    console.answer(document, lambda: None)
    return capsys.readouterr().out


def test_values_that_json_lacks_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    values = [Decimal("4.50"), math.nan, datetime(2026, 2, 28, tzinfo=UTC), 1.5, True, None]
    answer = json.loads(answer_of({"values": values}, capsys))
    assert answer == {"values": ["4.50", "nan", "2026-02-28T00:00:00+00:00", 1.5, True, None]}


def test_nothing_in_an_answer_is_obeyed_by_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    title = "\x1b[2J\x9b2J\u202e日本"
    text = answer_of({"title": title}, capsys)
    assert json.loads(text) == {"title": title}
    assert text.isascii()
    assert text.rstrip("\n").isprintable()


def test_a_question_ends_a_command_that_answers_in_json() -> None:
    console.choose(as_json=True)
    with pytest.raises(OperationError, match="give --yes as well"):
        console.confirm("Go on?")


def test_ctrl_c_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    console.choose(as_json=True)
    with pytest.raises(SystemExit) as ended, told():
        raise KeyboardInterrupt
    assert ended.value.code == 130
    assert json.loads(capsys.readouterr().out) == {"error": "interrupted"}


class Screen(StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def shown_on_a_screen(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    screen = Screen()
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", screen)
    terminal = Terminal()
    with terminal.doing("working"):
        terminal.print("[red]red[/]")
    return screen.getvalue()


def test_a_terminal_gets_colours_and_moving_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = shown_on_a_screen(monkeypatch)
    assert "\x1b[31mred" in shown
    assert "\x1b[?25l" in shown  # hides the cursor beside a spinner


def test_no_color_takes_the_colours_away(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[31m" not in shown_on_a_screen(monkeypatch, NO_COLOR="1")


def test_a_dumb_terminal_gets_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = shown_on_a_screen(monkeypatch, TERM="dumb")
    assert "\x1b" not in shown
    assert "working\nred\n" in shown


def test_a_log_with_colours_has_no_moving_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    log = StringIO()
    monkeypatch.setattr(sys, "stdout", log)
    with Terminal().doing("working"):
        pass
    assert log.getvalue().endswith("Z working\n")
