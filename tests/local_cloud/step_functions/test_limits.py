"""What ends an execution on AWS whatever its state machine catches: a full history, and a state with too much output."""

import json
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud.step_functions import limits
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.roles import role
from tests.local_cloud.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_NAMES = (f"limits-{number}" for number in count())
ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
CAUGHT = {"Caught": {"Type": "Succeed"}}
LOOP = {"Again": {"Type": "Pass", "Next": "Again"}}
FULL = ("FAILED", "States.Runtime", "The execution reached the maximum number of history events (25000).")


@pytest.fixture
def sfn(endpoint: Endpoint) -> Iterator["SFNClient"]:
    with closing(boto3.client("stepfunctions", endpoint_url=endpoint.addresses.url)) as client:
        yield client


def end_of(
    sfn: "SFNClient", start: str, states: dict[str, Any], given: Any = None
) -> tuple[tuple[str | None, ...], str]:
    """How an execution of the states ended (status, error, cause), and its ARN."""
    name = next(_NAMES)
    machine = sfn.create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": start, "States": states}),
        roleArn=role(name, "states.amazonaws.com"),
    )["stateMachineArn"]
    arn = sfn.start_execution(
        stateMachineArn=machine, name=name, input=json.dumps(given, ensure_ascii=False)
    )["executionArn"]
    until(lambda: sfn.describe_execution(executionArn=arn)["status"] != "RUNNING")
    ended = sfn.describe_execution(executionArn=arn)
    return (ended["status"], ended.get("error"), ended.get("cause")), arn


@pytest.mark.slow
def test_event_25_000_is_the_failure_of_an_execution_that_goes_round_and_round(sfn: "SFNClient") -> None:
    ended, arn = end_of(sfn, "Again", LOOP)
    assert ended == FULL
    last, before = sfn.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=2)["events"]
    assert (before["id"], before["type"]) == (24_999, "PassStateExited")
    assert (last["id"], last["previousEventId"], last["type"]) == (25_000, 24_999, "ExecutionFailed")
    assert (
        last["executionFailedEventDetails"]["error"],
        last["executionFailedEventDetails"]["cause"],
    ) == FULL[1:]


def test_a_branch_that_fills_the_history_ends_the_execution_though_its_state_catches_all(
    sfn: "SFNClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_MOST_EVENTS", 50)
    branches = [
        {"StartAt": "Again", "States": LOOP},
        {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 2, "End": True}}},
    ]
    parallel = {"Type": "Parallel", "Branches": branches, "Catch": ALL, "End": True}
    ended, arn = end_of(sfn, "Both", {"Both": parallel, **CAUGHT})
    assert ended == FULL
    events = sfn.get_execution_history(executionArn=arn)["events"]
    assert [event["id"] for event in events] == list(range(1, 51))
    assert [event["type"] for event in events if event["type"].startswith("Execution")] == [
        "ExecutionStarted",
        "ExecutionFailed",
    ]


def test_an_execution_may_succeed_with_the_last_event_that_there_is_room_for(
    sfn: "SFNClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_MOST_EVENTS", 4)
    ended, _ = end_of(sfn, "Done", {"Done": {"Type": "Pass", "End": True}})
    assert ended[0] == "SUCCEEDED"
    monkeypatch.setattr(limits, "_MOST_EVENTS", 3)
    assert end_of(sfn, "Done", {"Done": {"Type": "Pass", "End": True}})[0] == FULL


def test_a_state_hands_on_256_kib_and_its_catcher_of_all_does_not_catch_more(sfn: "SFNClient") -> None:
    parallel = {
        "Type": "Parallel",
        "Branches": [{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}],
        "Catch": ALL,
        "End": True,
    }
    room = 256 * 1024 - len('[""]')
    assert end_of(sfn, "Twice", {"Twice": parallel, **CAUGHT}, "x" * room)[0][0] == "SUCCEEDED"
    status, error, cause = end_of(sfn, "Twice", {"Twice": parallel, **CAUGHT}, "x" * (room + 1))[0]
    assert (status, error) == ("FAILED", "States.DataLimitExceeded")
    assert "exceeding the maximum number of bytes" in str(cause)


def test_a_runtime_error_is_not_caught_by_all(sfn: "SFNClient") -> None:
    parallel = {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": "P", "States": {"P": {"Type": "Pass", "InputPath": "$.nothing", "End": True}}}
        ],
        "Catch": ALL,
        "End": True,
    }
    assert end_of(sfn, "Path", {"Path": parallel, **CAUGHT}, {})[0][:2] == ("FAILED", "States.Runtime")


def test_the_input_of_an_execution_is_counted_in_bytes(sfn: "SFNClient") -> None:
    states = {"Done": {"Type": "Pass", "End": True}}
    assert end_of(sfn, "Done", states, "ä" * 131_071)[0][0] == "SUCCEEDED"  # and two quotes: 256 KiB
    with pytest.raises(ClientError, match=r"ValidationException.*'input' failed to satisfy constraint"):
        end_of(sfn, "Done", states, "ä" * 131_071 + "x")
