"""`run` tells when no review of the warehouse is in the analytics window."""

import json
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from contract.keys import bucket_name
from landing.sizes import size_in_bytes
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.endpoint import serving
from local_cloud.redshift import RedshiftEngine
from local_cloud.state import StateFolder
from operations.__main__ import app
from operations.options import DEFAULT_STATE
from operations.result import result_of
from operations.run import command_again
from operations.sources import DEFAULT_SIZE, Source
from sql import statements
from sql.rankings import TABLES
from tests.local_cloud.conftest import environment_restored
from tests.local_cloud.redshift.conftest import Session
from tests.operations.conftest import create_cluster
from tests.operations.documented import answered

pytestmark = pytest.mark.usefixtures("signals")

START, END = "2020-02-01 00:00:00", "2020-03-01 00:00:00"
CASES = [
    pytest.param(
        ["2020-01-31 23:59:59", "2020-03-05 12:00:00"], ("2020-01-31", "2020-03-05"), id="around it"
    ),
    pytest.param([END], ("2020-03-01", "2020-03-01"), id="at its end, which is outside"),
    pytest.param([START, "2020-03-05 12:00:00"], None, id="at its start, which is inside"),
    pytest.param(["2020-01-31 23:59:59", "2020-02-29 23:59:59"], None, id="before it and in it"),
    pytest.param([], None, id="nowhere"),
]
"""When reviews were captured, and the days that the hint names; None if there is none."""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> StateFolder:
    """A state folder whose warehouse has the pipeline's tables."""
    state = StateFolder(tmp_path_factory.mktemp("state"))
    with RedshiftEngine(database=state.warehouse, buckets=state.buckets) as engine:
        Session(engine).run(*statements.create_tables(), *statements.create_analytics(TABLES))
    return state


def fill(state: StateFolder, captured: Sequence[str]) -> None:
    """Put reviews of those moments into the warehouse, and the window beside them."""
    with RedshiftEngine(database=state.warehouse, buckets=state.buckets) as engine:
        session = Session(engine)
        session.run("delete from goodreads_warehouse.reviews")
        for number, moment in enumerate(captured):
            session.run(
                "insert into goodreads_warehouse.reviews (review_id, record_create_timestamp, record_hash) "
                f"values ({number}, '{moment}', 0)"
            )
        session.run(statements.set_window(), window_start=START, window_end=END)


def run(state: StateFolder, folder: Path, output: Any, *options: str) -> Result:
    """The command against an endpoint whose state machine ends at once: with the output, or in failure without one."""
    end = {"Type": "Pass", "Result": output, "End": True} if output is not None else {"Type": "Fail"}
    (folder / "author.csv").touch()
    (state.buckets / bucket_name("goodreads", "landing", ACCOUNT, REGION)).mkdir(exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(environment_restored())
        stack.enter_context(serving(state, "up"))
        create_cluster()
        boto3.client("stepfunctions").create_state_machine(
            name="goodreads",
            definition=json.dumps({"StartAt": "End", "States": {"End": end}}),
            roleArn="arn:aws:iam::123456789012:role/any",
        )
        return CliRunner().invoke(app, ["run", str(folder), "--state", str(state.root), *options])


def output(window_start: str = START) -> dict[str, Any]:
    """What an execution ends with."""
    return {"window": {"start": window_start, "end": END}, "datasets": {}, "notes": []}


def words(result: Result) -> str:
    """What the command has printed, on one line."""
    return " ".join(result.stdout.split())


@pytest.mark.parametrize(("captured", "days"), CASES)
def test_reviews_outside_the_window_give_a_hint(
    warehouse: StateFolder, captured: list[str], days: tuple[str, str] | None
) -> None:
    fill(warehouse, captured)
    hint = result_of(warehouse, "goodreads", "run", {"start": START, "end": END}).hint([])
    assert (hint and re.findall(r"the reviews are from (\S+) to (\S+)\.", hint)) == (days and [days])


@pytest.mark.slow
def test_the_command_ends_with_the_hint_and_has_succeeded(warehouse: StateFolder, tmp_path: Path) -> None:
    fill(warehouse, ["2020-03-05 12:00:00"])
    result = run(warehouse, tmp_path, output())
    assert result.exit_code == 0, result.output
    assert f"note: no review was captured between {START} and {END}, so the analytics" in words(result)
    command = (
        f"pipeline run {tmp_path} --state {warehouse.root} --window-start 2020-03-05 --window-end 2020-03-06"
    )
    assert words(result).endswith(f"from 2020-03-05 to 2020-03-05. This shows them: .venv/bin/{command}")


@pytest.mark.slow
def test_the_hint_keeps_the_options_that_were_given_but_the_window(
    warehouse: StateFolder, tmp_path: Path
) -> None:
    fill(warehouse, ["2020-03-05 12:00:00"])
    given = ["--accept-rejects", "--keep-current"]
    result = run(warehouse, tmp_path, output(), "--window-start", START, "--window-end", END, *given)
    assert result.exit_code == 0, result.output
    window = "--window-start 2020-03-05 --window-end 2020-03-06"
    assert words(result).endswith(f"--state {warehouse.root} --accept-rejects --keep-current {window}")


def test_the_hint_keeps_the_settings_of_the_deployment() -> None:
    command = command_again(
        Source(data=None, library=None, user=None, size=size_in_bytes(DEFAULT_SIZE)),
        DEFAULT_STATE,
        "mine",
        context=["analytics_top=3", "a=b c"],
        cluster=True,
        accept_rejects=False,
        replace_current=True,
    )
    settings = ["--context", "analytics_top=3", "--context", "a=b c"]
    assert command == [".venv/bin/pipeline", "run", "--name", "mine", *settings, "--cluster"]


@pytest.mark.slow
def test_the_command_gives_no_hint_where_the_window_holds_reviews(
    warehouse: StateFolder, tmp_path: Path
) -> None:
    fill(warehouse, [START])
    result = run(warehouse, tmp_path, output())
    assert result.exit_code == 0, result.output
    assert "note: " not in words(result)


@pytest.mark.slow
def test_a_run_without_a_window_gives_no_hint(warehouse: StateFolder, tmp_path: Path) -> None:
    fill(warehouse, ["2020-03-05 12:00:00"])
    result = run(warehouse, tmp_path, {})
    assert result.exit_code == 0, result.output
    assert "note: " not in words(result)


@pytest.mark.slow
def test_a_run_that_failed_gives_no_hint_and_the_command_fails(
    warehouse: StateFolder, tmp_path: Path
) -> None:
    fill(warehouse, ["2020-03-05 12:00:00"])
    result = run(warehouse, tmp_path, None)
    assert result.exit_code == 1
    assert "FAILED" in words(result)
    assert "note: " not in words(result)


@pytest.mark.slow
def test_a_log_tells_each_state_in_a_line_with_the_time_and_no_control_character(
    warehouse: StateFolder, tmp_path: Path
) -> None:
    fill(warehouse, [START])
    result = run(warehouse, tmp_path, {}, "--name", "goodreads")
    told = [line for line in result.stdout.splitlines() if re.match(r"\d{4}-\d\d-\d\dT[\d:]{8}Z ", line)]
    assert [re.sub(r"[\d.]+ s$", "- s", line[21:]) for line in told] == [
        f"putting the files of {tmp_path} into the landing zone",
        "SUCCEEDED after - s",
    ]
    assert re.findall(r"[\x00-\x09\x0b-\x1f]", result.stdout) == []


@pytest.mark.slow
def test_a_run_answers_in_json_with_its_result(warehouse: StateFolder, tmp_path: Path) -> None:
    fill(warehouse, ["2020-03-05 12:00:00"])
    result = run(warehouse, tmp_path, output(), "--json")
    assert result.exit_code == 0, result.output
    answer = answered("run", result)
    assert answer["status"] == "SUCCEEDED"
    assert answer["result"]["reviews"] == 0
    assert answer["result"]["hint"].endswith("--window-start 2020-03-05 --window-end 2020-03-06")
    assert set(answer["result"]) == {"reviews", "best_books", "best_authors", "hint", "page"}
    assert "SUCCEEDED after" in result.stderr


@pytest.mark.slow
def test_a_run_that_failed_answers_in_json_and_with_the_exit_code_1(
    warehouse: StateFolder, tmp_path: Path
) -> None:
    result = run(warehouse, tmp_path, None, "--json")
    assert result.exit_code == 1
    answer = answered("run", result)
    assert answer["status"] == "FAILED"
    assert answer["result"] is None
