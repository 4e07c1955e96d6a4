"""State machines reach the Data API by the aws-sdk integration."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import moto.stepfunctions.models
import pytest
from moto.core.config import default_user_config
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from mypy_boto3_stepfunctions import SFNClient

from tests.local_cloud.roles import role
from tests.local_cloud.waiting import PATIENCE

SDK = "arn:aws:states:::aws-sdk:redshiftdata:"


@pytest.fixture(scope="module")
def sfn(endpoint: Callable[[str], Any]) -> Iterator[SFNClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(default_user_config["stepfunctions"], "execute_state_machine", True)
        patch.setattr(moto.stepfunctions.models, "stepfunctions_backends", stepfunctions_parser_backends)
        client: SFNClient = endpoint("stepfunctions")
        yield client
        client.close()


@pytest.fixture(scope="module", autouse=True)
def other_role(sfn: SFNClient) -> str:
    """The state machines' role is made, and another one, which the tasks can run under."""
    assert sfn
    role("states", "states.amazonaws.com")
    return role("statements", "states.amazonaws.com")


def _output(sfn: SFNClient, name: str, states: dict[str, Any]) -> dict[str, Any]:
    machine = sfn.create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": next(iter(states)), "States": states}),
        roleArn="arn:aws:iam::123456789012:role/states",
    )["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=machine, name="run-1", input="{}")["executionArn"]
    deadline = time.monotonic() + PATIENCE
    while (described := sfn.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.05)  # the API has no way to wait for an execution
    assert described["status"] == "SUCCEEDED", described
    output: dict[str, Any] = json.loads(described["output"])
    return output


def test_a_state_machine_submits_describes_and_reads_a_batch(sfn: SFNClient) -> None:
    batch = {
        "ClusterIdentifier": "goodreads",
        "Database": "dev",
        "Sqls": [
            "create table by_states (a int)",
            "insert into by_states values (:a)",
            "select a from by_states",
        ],
        "Parameters": [{"Name": "a", "Value": "7"}],
        "ClientToken.$": "$$.Execution.Name",
    }
    states = {
        "Submit": _task("batchExecuteStatement", batch, "$.sent", "Describe"),
        "Describe": _task(
            "describeStatement", {"Id.$": "$.sent.Id", "WaitTimeSeconds": 30}, "$.described", "Read"
        ),
        "Read": _task("getStatementResult", {"Id.$": "States.Format('{}:3', $.sent.Id)"}, "$.result", "Done"),
        "Done": {"Type": "Succeed"},
    }
    output = _output(sfn, "batch", states)
    assert output["sent"]["CreatedAt"].endswith("Z")
    assert output["described"]["Status"] == "FINISHED"
    assert output["described"]["QueryParameters"] == [{"Name": "a", "Value": "7"}]
    assert output["result"]["Records"] == [[{"LongValue": 7}]]
    assert output["result"]["ColumnMetadata"][0]["TypeName"] == "int4"


def test_a_refused_request_is_caught_by_the_name_it_has_on_aws(sfn: SFNClient) -> None:
    unknown = {"Id": "12345678-1234-1234-1234-123456789012"}
    assert "Query does not exist." in _caught(
        sfn, "unknown", unknown, "RedshiftData.ResourceNotFoundException"
    )
    assert "Invalid type for parameter Id" in _caught(
        sfn, "list", {"Id": ["x"]}, "RedshiftData.ValidationException"
    )


def test_a_task_calls_as_the_role_in_its_credentials_or_else_as_the_state_machines(
    sfn: SFNClient, other_role: str
) -> None:
    query = {"ClusterIdentifier": "goodreads", "Database": "dev", "Sql": "select 1"}
    asked = {"Id.$": "$.sent.Id"}
    under = {"Credentials": {"RoleArn": other_role}}
    foreign = {
        "ErrorEquals": ["RedshiftData.ResourceNotFoundException"],
        "ResultPath": "$.own",
        "Next": "Done",
    }
    states = {
        "Submit": _task("executeStatement", query, "$.sent", "Other") | under,
        "Other": _task("describeStatement", asked, "$.other", "Own") | under,
        "Own": _task("describeStatement", asked, "$.own", "Wrong") | {"Catch": [foreign]},
        "Wrong": {"Type": "Fail"},
        "Done": {"Type": "Succeed"},
    }
    output = _output(sfn, "two-roles", states)
    assert output["other"]["Id"] == output["sent"]["Id"]
    assert "Query does not exist." in output["own"]["Cause"]


def _caught(sfn: SFNClient, name: str, parameters: dict[str, Any], error: str) -> str:
    states = {
        "Describe": {
            **_task("describeStatement", parameters, "$", "Wrong"),
            "Catch": [{"ErrorEquals": [error], "ResultPath": "$.error", "Next": "Done"}],
        },
        "Wrong": {"Type": "Fail"},
        "Done": {"Type": "Succeed"},
    }
    return str(_output(sfn, name, states)["error"]["Cause"])


def _task(action: str, parameters: dict[str, Any], result: str, following: str) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": SDK + action,
        "Parameters": parameters,
        "ResultPath": result,
        "Next": following,
    }
