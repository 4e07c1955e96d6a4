"""An endpoint knows the executions of the endpoints that served its folder before."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud.endpoint import serving
from local_cloud.state import StateFolder
from tests.local_cloud.conftest import environment_restored
from tests.local_cloud.waiting import until

pytestmark = pytest.mark.slow

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:goodreads"
DEFINITION = {
    "StartAt": "Good?",
    "States": {
        "Good?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.good", "BooleanEquals": True, "Next": "Done"}],
            "Default": "Failed",
        },
        "Done": {"Type": "Succeed"},
        "Failed": {"Type": "Fail", "Error": "Bad", "Cause": "it was not good"},
    },
}


def arn(name: str) -> str:
    return f"{MACHINE.replace(':stateMachine:', ':execution:')}:{name}"


@contextmanager
def served(folder: StateFolder) -> Iterator[Any]:
    with serving(folder, "test"):
        client = boto3.client("stepfunctions")
        role = "arn:aws:iam::123456789012:role/any"
        client.create_state_machine(name="goodreads", definition=json.dumps(DEFINITION), roleArn=role)
        yield client


def run(client: Any, name: str, *, good: bool) -> dict[str, Any]:
    client.start_execution(stateMachineArn=MACHINE, name=name, input=json.dumps({"good": good}))
    until(lambda: client.describe_execution(executionArn=arn(name))["status"] != "RUNNING")
    described: dict[str, Any] = client.describe_execution(executionArn=arn(name))
    return described


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What an endpoint said of its two executions; another endpoint serves its folder now, and has run a third one."""
    folder = StateFolder(tmp_path_factory.mktemp("state"))
    with environment_restored():
        with served(folder) as client:
            found: dict[str, Any] = {name: run(client, name, good=name == "one") for name in ("one", "two")}
            found["history of two"] = client.get_execution_history(executionArn=arn("two"))["events"]
        with served(folder) as client:
            found["three"] = run(client, "three", good=True)
            yield found


def but_for_redrives(answer: Any) -> dict[str, Any]:
    """With JSON read, which a running endpoint writes with other spaces."""
    apart = ("ResponseMetadata", "inputDetails", "outputDetails", "redriveStatus", "redriveStatusReason")
    return {
        name: json.loads(value) if name in ("input", "output") else value
        for name, value in answer.items()
        if name not in apart
    }


@pytest.mark.parametrize("name", ["one", "two"])
def test_an_earlier_execution_is_described_as_it_was_but_for_its_redrive(
    before: dict[str, Any], name: str
) -> None:
    answer = boto3.client("stepfunctions").describe_execution(executionArn=arn(name))
    assert but_for_redrives(answer) == but_for_redrives(before[name])
    assert answer["redriveStatus"] == "NOT_REDRIVABLE"
    assert "earlier endpoint" in answer["redriveStatusReason"]


def test_the_history_of_an_earlier_execution_is_what_it_was(before: dict[str, Any]) -> None:
    client = boto3.client("stepfunctions")
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=arn("two"), PaginationConfig={"PageSize": 2}
    )
    assert [event for page in pages for event in page["events"]] == before["history of two"]


def test_all_executions_are_listed_newest_first_in_pages(before: dict[str, Any]) -> None:
    assert before
    client = boto3.client("stepfunctions")
    pages = client.get_paginator("list_executions").paginate(
        stateMachineArn=MACHINE, PaginationConfig={"PageSize": 2}
    )
    sizes, names = [], []
    for page in pages:
        sizes.append(len(page["executions"]))
        names += [found["name"] for found in page["executions"]]
    assert (sizes, names) == ([2, 1], ["three", "two", "one"])
    (failed,) = client.list_executions(stateMachineArn=MACHINE, statusFilter="FAILED")["executions"]
    assert (failed["name"], failed["stopDate"]) == ("two", before["two"]["stopDate"])


def test_an_earlier_execution_is_not_redriven_and_the_reason_is_told(before: dict[str, Any]) -> None:
    assert before
    with pytest.raises(ClientError, match=r"ExecutionNotRedrivable.*earlier endpoint.*start a new one"):
        boto3.client("stepfunctions").redrive_execution(executionArn=arn("two"))


def test_what_nobody_has_started_does_not_exist(before: dict[str, Any]) -> None:
    assert before
    client = boto3.client("stepfunctions")
    for ask in (client.describe_execution, client.get_execution_history, client.redrive_execution):
        with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
            ask(executionArn=arn("four"))
