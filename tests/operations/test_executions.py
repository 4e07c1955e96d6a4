"""What people see of executions, from histories as Step Functions records them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from typer.testing import CliRunner

from operations.__main__ import app
from operations.executions import Archive, Execution, StateMachine, visits
from report.making import readable_cause
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.waiting import until
from tests.operations.console import past
from tests.operations.documented import answered

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

START = datetime(2020, 2, 19, 21, 38, tzinfo=UTC)


def history(*rows: tuple[int, int, str, str]) -> list[dict[str, Any]]:
    """Events of (id, previous id, type, state name where it has one), a second apart."""
    events: list[dict[str, Any]] = []
    for number, previous, kind, name in rows:
        moment = START + timedelta(seconds=number)
        event = {"id": number, "previousEventId": previous, "type": kind, "timestamp": moment.isoformat()}
        if name:
            end = "Entered" if kind.endswith("Entered") else "Exited"
            event[f"state{end}EventDetails"] = {"name": name}
        events.append(event)
    return events


SUCCEEDS = history(
    (1, 0, "ExecutionStarted", ""),
    (2, 0, "TaskStateEntered", "PlanCopies"),
    (3, 2, "LambdaFunctionScheduled", ""),
    (4, 3, "LambdaFunctionStarted", ""),
    (5, 4, "LambdaFunctionFailed", ""),
    (6, 5, "LambdaFunctionScheduled", ""),
    (7, 6, "LambdaFunctionTimedOut", ""),
    (8, 7, "LambdaFunctionScheduled", ""),
    (9, 8, "LambdaFunctionSucceeded", ""),
    (10, 9, "TaskStateExited", "PlanCopies"),
    (11, 10, "ChoiceStateEntered", "AnythingToDo?"),
    (12, 11, "ChoiceStateExited", "AnythingToDo?"),
    (13, 12, "MapStateEntered", "CopyToWorking"),
    (14, 13, "MapStateStarted", ""),
    (15, 14, "MapIterationStarted", ""),
    (16, 14, "MapIterationStarted", ""),
    (17, 15, "TaskStateEntered", "CopyBatch"),
    (18, 16, "TaskStateEntered", "CopyBatch"),
    (19, 17, "LambdaFunctionSucceeded", ""),
    (20, 19, "TaskStateExited", "CopyBatch"),
    (21, 20, "MapIterationSucceeded", ""),
    (22, 18, "LambdaFunctionSucceeded", ""),
    (23, 22, "TaskStateExited", "CopyBatch"),
    (24, 23, "MapIterationSucceeded", ""),
    (25, 24, "MapStateSucceeded", ""),
    (26, 24, "MapStateExited", "CopyToWorking"),
    (27, 26, "ParallelStateEntered", "Analytics"),
    (28, 27, "ParallelStateStarted", ""),
    (29, 28, "ParallelStateEntered", "RankAuthors"),
    (30, 29, "ParallelStateStarted", ""),
    (31, 30, "TaskStateEntered", "RankAuthors: submit"),
    (32, 31, "TaskSucceeded", ""),
    (33, 32, "TaskStateExited", "RankAuthors: submit"),
    (34, 33, "SucceedStateEntered", "RankAuthors: finished"),
    (35, 34, "SucceedStateExited", "RankAuthors: finished"),
    (36, 35, "ParallelStateSucceeded", ""),
    (37, 35, "ParallelStateExited", "RankAuthors"),
    (38, 37, "ParallelStateSucceeded", ""),
    (39, 37, "ParallelStateExited", "Analytics"),
    (40, 39, "PassStateEntered", "Summary"),
    (41, 40, "PassStateExited", "Summary"),
    (42, 41, "SucceedStateEntered", "Succeeded"),
    (43, 42, "SucceedStateExited", "Succeeded"),
    (44, 43, "ExecutionSucceeded", ""),
)

FAILS = history(
    (1, 0, "ExecutionStarted", ""),
    (2, 0, "ParallelStateEntered", "Analytics"),
    (3, 2, "ParallelStateStarted", ""),
    (4, 3, "ParallelStateEntered", "RankAuthors"),
    (5, 4, "ParallelStateStarted", ""),
    (6, 5, "TaskStateEntered", "RankAuthors: describe"),
    (7, 6, "TaskSucceeded", ""),
    (8, 7, "TaskStateExited", "RankAuthors: describe"),
    (9, 8, "ChoiceStateEntered", "RankAuthors: ended?"),
    (10, 9, "ChoiceStateExited", "RankAuthors: ended?"),
    (11, 10, "FailStateEntered", "RankAuthors: failed"),
    (12, 11, "ParallelStateFailed", ""),
    (13, 12, "ParallelStateExited", "RankAuthors"),
    (14, 13, "TaskStateEntered", "NotifyFailure"),
    (15, 14, "TaskSucceeded", ""),
    (16, 15, "TaskStateExited", "NotifyFailure"),
    (17, 16, "FailStateEntered", "Failed"),
    (18, 17, "ExecutionFailed", ""),
)


def seen(events: list[dict[str, Any]]) -> list[tuple[str, int, bool, float]]:
    return [(visit.name, visit.failures, visit.failed, visit.seconds) for visit in visits(events)]


def test_a_run_that_succeeds_shows_its_working_states_with_retries_but_no_steps_of_statements() -> None:
    assert seen(SUCCEEDS) == [
        ("PlanCopies", 2, False, 8.0),
        ("CopyToWorking", 0, False, 13.0),
        ("CopyBatch", 0, False, 3.0),
        ("CopyBatch", 0, False, 5.0),
        ("Analytics", 0, False, 12.0),
        ("RankAuthors", 0, False, 8.0),
        ("Succeeded", 0, False, 1.0),
    ]


def test_a_statement_that_fails_is_shown_as_the_state_that_failed() -> None:
    assert seen(FAILS)[1:] == [
        ("RankAuthors", 1, True, 9.0),
        ("NotifyFailure", 0, False, 2.0),
        ("Failed", 0, True, 0.0),
    ]


def test_a_branch_that_fails_fails_the_parallel_state_around_it_and_not_a_state_that_ended_before() -> None:
    events = history(
        (1, 0, "ParallelStateEntered", "Analytics"),
        (2, 1, "ParallelStateStarted", ""),
        (3, 2, "ParallelStateEntered", "SetReviewWindow"),
        (4, 3, "ParallelStateStarted", ""),
        (5, 4, "ParallelStateSucceeded", ""),
        (6, 4, "ParallelStateExited", "SetReviewWindow"),
        (7, 6, "TaskStateEntered", "RankBooks"),
        (8, 7, "TaskFailed", ""),
        (9, 8, "ParallelStateFailed", ""),
        (10, 9, "ExecutionFailed", ""),
    )
    assert [(visit.name, visit.failures, visit.failed) for visit in visits(events)] == [
        ("Analytics", 1, True),
        ("SetReviewWindow", 0, False),
        ("RankBooks", 1, True),
    ]


def test_an_iteration_that_fails_is_one_failed_try_of_its_state_and_of_the_map() -> None:
    events = history(
        (1, 0, "MapStateEntered", "CopyToWorking"),
        (2, 1, "MapStateStarted", ""),
        (3, 2, "MapIterationStarted", ""),
        (4, 3, "TaskStateEntered", "CopyBatch"),
        (5, 4, "LambdaFunctionFailed", ""),
        (6, 5, "MapIterationFailed", ""),
        (7, 6, "MapStateFailed", ""),
        (8, 7, "ExecutionFailed", ""),
    )
    assert [(visit.name, visit.failures) for visit in visits(events)] == [
        ("CopyToWorking", 1),
        ("CopyBatch", 1),
    ]


def test_a_redriven_execution_enters_anew_what_its_end_had_cut_off() -> None:
    events = history(
        (1, 0, "ExecutionStarted", ""),
        (2, 0, "TaskStateEntered", "PlanCopies"),
        (3, 2, "TaskStateExited", "PlanCopies"),
        (4, 3, "ParallelStateEntered", "Analytics"),
        (5, 4, "ParallelStateStarted", ""),
        (6, 5, "TaskStateEntered", "RankBooks"),
        (7, 0, "ExecutionAborted", ""),
        (20, 7, "ExecutionRedriven", ""),
        (21, 20, "ParallelStateEntered", "Analytics"),
        (22, 21, "ParallelStateStarted", ""),
        (23, 22, "TaskStateEntered", "RankBooks"),
        (25, 23, "TaskStateExited", "RankBooks"),
        (26, 25, "ParallelStateSucceeded", ""),
        (27, 25, "ParallelStateExited", "Analytics"),
        (28, 27, "ExecutionSucceeded", ""),
    )
    assert seen(events) == [
        ("PlanCopies", 0, False, 1.0),
        ("Analytics", 0, True, 3.0),
        ("RankBooks", 0, True, 1.0),
        ("Analytics", 0, False, 6.0),
        ("RankBooks", 0, False, 2.0),
    ]


def test_a_state_that_is_still_active_has_no_end() -> None:
    (visit,) = visits(SUCCEEDS[:4])
    assert (visit.name, visit.ended, visit.failed) == ("PlanCopies", None, False)
    assert visit.seconds > 0


def test_any_part_of_a_history_can_be_shown_while_it_grows() -> None:
    for events in (SUCCEEDS, FAILS):
        names = [visit.name for visit in visits(events)]
        for length in range(len(events)):
            so_far = [visit.name for visit in visits(events[:length])]
            assert so_far == names[: len(so_far)]


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        ('{"errorMessage": "12 rows are gone", "errorType": "DataQualityError", "stackTrace": []}', "12 rows are gone"),
        (
            '{"Step": {"Id": "s-1", "Status": {"State": "FAILED", "FailureDetails": {"Message": "TransformError: x", "LogFile": "logs/s-1.log"}}}}',
            "TransformError: x (log: logs/s-1.log)",
        ),
        ('{"Step": {"Id": "s-1", "Status": {"State": "CANCELLED"}}}', '{"Step": {"Id": "s-1", "Status": {"State": "CANCELLED"}}}'),
        ("Query #1 failed with ERROR: no such table", "Query #1 failed with ERROR: no such table"),
        ("[1, 2]", "[1, 2]"),
        ("", ""),
    ],
    ids=["lambda", "emr", "emr-without-details", "text", "list", "nothing"],
)  # fmt: skip
def test_a_cause_is_read_as_a_person_would(cause: str, expected: str) -> None:
    assert readable_cause(cause) == expected
    assert Execution("run", "FAILED", START, cause=cause).reason == expected


def keep(folder: Path, name: str, started: str) -> None:
    description = {
        "name": name,
        "status": "SUCCEEDED",
        "startDate": started,
        "stopDate": "2020-02-19 22:00:00+00:00",
    }
    (folder / f"{name}.json").write_text(json.dumps({"description": description, "events": [{"id": 1}]}))


def test_the_archive_lists_the_newest_execution_first_and_has_its_events(tmp_path: Path) -> None:
    keep(tmp_path, "earlier", "2020-02-19 21:38:16.690535+00:00")
    keep(tmp_path, "later", "2020-02-19 21:59:30+00:00")
    (tmp_path / ".being-written.json.partial").write_text("{")
    found = Archive(tmp_path).executions()
    assert [(execution.name, execution.seconds) for execution in found] == [
        ("later", 30.0),
        ("earlier", 1303.309465),
    ]
    assert Archive(tmp_path).events("later") == [{"id": 1}]


def test_the_archive_has_no_events_of_an_execution_it_does_not_know(tmp_path: Path) -> None:
    assert Archive(tmp_path).executions() == []
    with pytest.raises(KeyError, match="unknown"):
        Archive(tmp_path).events("unknown")


@pytest.fixture(scope="module")
def machine(endpoint: Endpoint) -> StateMachine:
    """A deployed state machine that passes its input on, or fails if told to."""
    states = {
        "Fails?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.fail", "BooleanEquals": True, "Next": "Failed"}],
            "Default": "Passed",
        },
        "Passed": {"Type": "Succeed"},
        "Failed": {"Type": "Fail", "Error": "Told", "Cause": "it was told to"},
    }
    client: SFNClient = boto3.client("stepfunctions")
    client.create_state_machine(
        name="passing",
        definition=json.dumps({"StartAt": "Fails?", "States": states}),
        roleArn="arn:aws:iam::123456789012:role/any",
    )
    assert endpoint.state.executions.is_dir()
    return StateMachine(client, "passing")


def ended(machine: StateMachine, name: str) -> Execution:
    until(lambda: machine.describe(name).status != "RUNNING")
    return machine.describe(name)


def test_an_execution_is_started_described_and_followed(machine: StateMachine) -> None:
    machine.start("passes", {"fail": False, "rows": 7})
    execution = ended(machine, "passes")
    assert (execution.status, execution.error) == ("SUCCEEDED", None)
    assert json.loads(execution.output or "") == {"fail": False, "rows": 7}
    assert [visit.name for visit in visits(machine.events("passes"))] == ["Passed"]


def test_an_execution_that_ended_is_in_the_archive_as_it_was_described(
    machine: StateMachine, endpoint: Endpoint
) -> None:
    machine.start("fails", {"fail": True})
    execution = ended(machine, "fails")
    assert (execution.status, execution.error, execution.reason) == ("FAILED", "Told", "it was told to")
    until((endpoint.state.executions / "fails.json").exists)
    archived = {found.name: found for found in Archive(endpoint.state.executions).executions()}["fails"]
    assert (archived.status, archived.error, archived.cause) == ("FAILED", "Told", "it was told to")
    assert Archive(endpoint.state.executions).describe("fails") == archived
    events = Archive(endpoint.state.executions).events("fails")
    assert [(visit.name, visit.failed) for visit in visits(events)] == [("Failed", True)]


def test_a_list_names_the_error_of_an_execution_that_failed(machine: StateMachine) -> None:
    machine.start("fails-in-a-list", {"fail": True})
    ended(machine, "fails-in-a-list")
    listed = {execution.name: execution for execution in machine.executions()}["fails-in-a-list"]
    assert (listed.status, listed.error, listed.reason) == ("FAILED", "Told", "it was told to")


def test_executions_are_listed_and_unknown_ones_are_key_errors(machine: StateMachine) -> None:
    machine.start("listed", {"fail": False})
    assert "listed" in {execution.name for execution in machine.executions()}
    with pytest.raises(KeyError, match="unknown"):
        machine.events("unknown")
    for name in ("unknown", "an unknown one"):
        with pytest.raises(KeyError, match=name):
            machine.describe(name)


@pytest.fixture
def many(endpoint: Endpoint) -> list[str]:
    """More executions of a state machine than one list has, the newest first; all but the newest have read rows and succeeded."""
    boto3.client("stepfunctions").create_state_machine(
        name="goodreads",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/any",
    )
    for place in range(60):
        past.ended(endpoint.state.executions, f"r{place}", place=place, read=7)
    return [f"r{place}" for place in reversed(range(60))]


def answered_by(*arguments: str) -> dict[str, Any]:
    return answered(arguments[0], CliRunner().invoke(app, [*arguments, "--json"]))


@pytest.mark.usefixtures("environment", "signals")
def test_an_execution_is_found_by_its_name_however_many_are_newer(many: list[str]) -> None:
    assert answered_by("history", many[-1], "--aws")["name"] == "r0"
    assert answered_by("history", "--aws")["name"] == "r59"
    result = CliRunner().invoke(app, ["history", "r60", "--aws"])
    assert result.exit_code == 1
    assert "there is no execution r60; `pipeline status` lists the newest" in result.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("environment", "signals")
@pytest.mark.parametrize("on_aws", [True, False], ids=["on AWS", "here"])
def test_a_status_tells_the_rows_of_each_execution_and_whether_there_are_older_ones(
    many: list[str], endpoint: Endpoint, on_aws: bool
) -> None:
    where = ["--aws"] if on_aws else ["--state", str(endpoint.state.root)]
    listed = answered_by("status", *where)
    found = [each for each in listed["executions"] if each["name"] in many]
    assert len(listed["executions"]) == 50
    assert listed["has_more"]
    assert all(each["datasets"]["books"]["rows_read"] == 7 for each in found)
    printed = CliRunner().invoke(app, ["status", *where]).stdout
    assert "the newest 50 executions; there are older ones, and --newest 500 lists more" in printed
    every = answered_by("status", *where, "--newest", "100")
    assert [each["name"] for each in every["executions"] if each["name"] in many] == many
    assert not every["has_more"]


def test_a_state_machine_that_is_not_there_is_a_key_error(endpoint: Endpoint) -> None:
    client: SFNClient = boto3.client("stepfunctions", endpoint_url=endpoint.addresses.url)
    with pytest.raises(KeyError, match="nobody"):
        StateMachine(client, "nobody")
