"""`python -m operations`: what a person reads when something is missing or wrong."""

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from local_cloud.iam import Call, Caller, Judge, Record
from local_cloud.iam.deployed import Deployed
from local_cloud.mailbox import Mailbox
from local_cloud.redshift import RedshiftEngine
from local_cloud.state import StateFolder
from operations.__main__ import app

pytestmark = pytest.mark.usefixtures("environment", "signals")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_permissions_prints_what_was_used_and_what_is_granted_and_was_never_used(tmp_path: Path) -> None:
    role = "arn:aws:iam::123456789012:role/p-PlanRole1A2B3C4D-X"
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "xray:PutTraceSegments"], "Resource": "*"}
    what = Deployed(
        callers={role: {"inline": {"Version": "2012-10-17", "Statement": statement}}},
        labels={role: "PlanRole1A2B3C4D"},
    )
    judge = Judge(Record(StateFolder(tmp_path).permissions), lambda: what)
    caller = Caller("arn:aws:sts::123456789012:assumed-role/p/s", "123456789012", role=role)
    judge.decide(caller, Call("s3:GetObject", "arn:aws:s3:::b/run=7/plan.json"))
    judge.decide(caller, Call("s3:PutObject", "arn:aws:s3:::b/run=7/plan.json"))
    printed = run("permissions", "--state", tmp_path).output
    used, unused, refused = re.split(r"granted and never used|refused", printed)
    assert re.search(r"PlanRole .* s3:GetObject .* b/run=\*/plan.json", used)
    assert "PlanRole: xray:PutTraceSegments" in unused
    assert re.search(r"PlanRole .* s3:PutObject .* b/run=\*/plan.json", refused)


def test_permissions_says_what_to_do_where_nothing_has_run(tmp_path: Path) -> None:
    assert complaint("permissions", "--state", tmp_path) == (
        f"no call of a role is recorded in {tmp_path}: run the pipeline first (make run)"
    )


def complaint(*arguments: str | Path) -> str:
    """What a command that fails writes to stderr, after `error: `: one line and nothing else."""
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("error: ").rstrip("\n")


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A state folder with an empty warehouse."""
    state = StateFolder(tmp_path)
    with RedshiftEngine(database=state.warehouse, buckets=state.buckets):
        return tmp_path


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("run", "Folder with CSV files"),
        ("up", "Port of the control plane"),
        ("query", "Redshift SQL"),
        ("readers", "IAM users and roles"),
        ("status", "how they ended"),
        ("history", "Name of the execution"),
        ("mail", "Number of the e-mail"),
        ("replay", "landing zone"),
        ("rebuild", "from the archive"),
    ],
)
def test_every_command_explains_itself(command: str, text: str) -> None:
    assert f" {command} " in run("--help").output
    result = run(command, "--help")
    assert result.exit_code == 0
    assert text in result.output


def test_a_query_without_a_warehouse_says_what_to_do(tmp_path: Path) -> None:
    said = complaint("query", "select 1", "--state", tmp_path)
    assert said == f"there is no warehouse in {tmp_path} yet: run the pipeline first (make run)"


def test_a_query_shows_columns_and_rows_as_they_are(warehouse: Path) -> None:
    result = run("query", "select '[red]a[/x]' as \"[bold]n\", null as nothing", "--state", warehouse)
    assert result.exit_code == 0, result.stderr
    for text in ("[bold]n", "nothing", "[red]a[/x]", "NULL"):
        assert text in result.stdout


def test_an_sql_error_with_brackets_is_shown_as_it_is(warehouse: Path) -> None:
    result = run("query", 'select * from "[/red][bold]"', "--state", warehouse)
    assert result.exit_code == 1
    assert "[/red][bold]" in result.stderr
    assert "Traceback" not in result.output


def test_a_history_without_executions_says_what_to_do(tmp_path: Path) -> None:
    said = complaint("history", "--state", tmp_path)
    assert said == "there is no execution yet: run the pipeline first (make run)"


def test_a_history_of_an_execution_that_never_was_names_it(tmp_path: Path) -> None:
    said = complaint("history", "never-was", "--state", tmp_path)
    assert said == (
        "there is no execution never-was; `pipeline status` lists the newest executions, with --newest N more of them"
    )


@pytest.mark.parametrize("name", ["../plan", "a b", "a:b", "a" * 300])
def test_a_history_of_what_no_execution_can_be_called_finds_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "plan.json").write_text("{}")
    assert complaint("history", name, "--state", tmp_path).startswith(f"there is no execution {name};")


def test_a_status_without_executions_is_an_empty_table(tmp_path: Path) -> None:
    result = run("status", "--state", tmp_path)
    assert result.exit_code == 0
    assert "executions" in result.stdout


def test_a_folder_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    said = complaint("run", tmp_path / "nowhere", "--state", tmp_path / "state")
    assert said.startswith(f"found nothing at {tmp_path}/nowhere, expected a folder with author.csv")
    assert not (tmp_path / "state").exists()


def test_a_folder_whose_name_looks_like_markup_is_named_as_it_is(tmp_path: Path) -> None:
    said = complaint("run", tmp_path / "data[old]", "--state", tmp_path / "state")
    assert f"{tmp_path}/data[old]" in said


def test_a_text_that_is_not_a_size_is_refused_before_anything_starts(tmp_path: Path) -> None:
    result = run("run", "--size", "lots", "--state", tmp_path / "state")
    assert result.exit_code == 2
    assert "'lots' is not a size; write it like" in result.stderr
    assert not (tmp_path / "state").exists()


def test_a_size_that_is_too_small_to_make_up_is_told(tmp_path: Path) -> None:
    said = complaint("run", "--size", "10", "--state", tmp_path / "state")
    assert said == "--size: a size of 10 bytes is too small; ask for 100000 or more"
    assert not (tmp_path / "state").exists()


@pytest.mark.slow
def test_a_context_that_is_no_setting_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "author.csv").touch()
    said = complaint("run", data, "--context", "nonsense", "--state", tmp_path / "state")
    assert said == "--context nonsense is not of the form KEY=VALUE"


def test_a_folder_that_another_command_holds_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "author.csv").touch()
    state = StateFolder(tmp_path / "state")
    with state.locked():
        said = complaint("run", data, "--state", state.root)
    assert said.startswith(f"the state folder {state.root} is in use: another process is starting on it.")


def test_mails_are_listed_and_one_is_printed(tmp_path: Path) -> None:
    mailbox = Mailbox(StateFolder(tmp_path).mail)
    for subject in ("first", "[red]second[/red]"):
        message = EmailMessage()
        message["From"] = "no-reply@sns.amazonaws.com"
        message["To"] = "you@example.com"
        message["Date"] = datetime(2026, 2, 28, 3, 12, tzinfo=UTC)
        message["Subject"] = subject
        message.set_content(f"what happened: {subject} [bold]\n")
        mailbox.put(message)
    listed = run("mail", "--state", tmp_path).stdout
    assert re.findall(r"^ +(\d) +2026-02-28 03:12:00 +(\S+)", listed, re.MULTILINE) == [
        ("1", "first"),
        ("2", "[red]second[/red]"),
    ]
    printed = run("mail", "2", "--state", tmp_path).stdout
    assert "To: you@example.com\n" in printed
    assert "Subject: [red]second[/red]\n" in printed
    assert "\nwhat happened: [red]second[/red] [bold]\n" in printed


def test_a_mail_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert complaint("mail", "3", "--state", tmp_path).endswith("-c alarm_email=you@example.com")
    message = EmailMessage()
    message["Date"] = datetime(2026, 2, 28, 3, 12, tzinfo=UTC)
    Mailbox(StateFolder(tmp_path).mail).put(message)
    assert (
        complaint("mail", "3", "--state", tmp_path)
        == "there is no e-mail 3; `pipeline mail` lists all 1 e-mails"
    )
