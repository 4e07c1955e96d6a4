"""One role submits, watches and reads every statement: for every other role a statement does not exist."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stacks.deployments import Deployment
from tests.stacks.state_machine import StateMachine

READERS = {
    "acknowledge_landing",
    "check_quality",
    "compare_catalog",
    "drop_published",
    "report_run",
    "write_report",
}
"""The functions that read what a statement found."""


@pytest.fixture(scope="module")
def resources(deployment: Deployment) -> dict[str, Any]:
    found: dict[str, Any] = deployment.template("pipeline")["Resources"]
    return found


def role_of(resources: dict[str, Any], user: str) -> str:
    """The logical id of the role that may log in as a database user."""
    (found,) = {
        reference
        for _, statement, reference in grants(resources)
        if f':dbuser:goodreads/{user}"' in json.dumps(statement)
    }
    return found


@pytest.fixture(scope="module")
def role(resources: dict[str, Any]) -> str:
    """The logical id of the role that works as the pipeline's own user."""
    return role_of(resources, "goodreads_pipeline")


@pytest.fixture(scope="module")
def administration(resources: dict[str, Any]) -> str:
    """The logical id of the role that works as the cluster's master user."""
    return role_of(resources, "pipeline")


def grants(resources: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(policy, statement, the role that has it), for every statement of the stack's policies."""
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Policy":
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                for holder in resource["Properties"]["Roles"]:
                    yield name, statement, holder["Ref"]


def listed(value: Any) -> list[Any]:
    """A member of a policy statement, which may hold one thing or several."""
    return value if isinstance(value, list) else [value]


def roles_of_readers(resources: dict[str, Any]) -> set[str]:
    return {
        resource["Properties"]["Role"]["Fn::GetAtt"][0]
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::Function"
        and resource["Properties"]["Handler"].split(".")[1] in READERS
    }


def role_of_the_state_machine(resources: dict[str, Any]) -> str:
    (machine,) = (each for each in resources.values() if each["Type"] == "AWS::StepFunctions::StateMachine")
    found: str = machine["Properties"]["RoleArn"]["Fn::GetAtt"][0]
    return found


def test_every_task_that_calls_the_data_api_runs_under_a_role(
    deployment: Deployment, role: str, administration: str
) -> None:
    tasks = StateMachine.of(deployment).tasks(":redshiftdata:")
    assert len(tasks) > 30
    for task in tasks:
        prepares = task.name.startswith(("PrepareWarehouse:", "CreateUser:", "HandOverWarehouse:"))
        expected = administration if prepares else role
        assert task.state.get("Credentials") == {"RoleArn": f"<{expected}.Arn>"}, task.name


def test_the_state_machine_alone_may_work_as_the_master_user(
    resources: dict[str, Any], administration: str
) -> None:
    (trust,) = resources[administration]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": {"Fn::GetAtt": [role_of_the_state_machine(resources), "Arn"]}}
    named = [
        name
        for name, statement, holder in grants(resources)
        if ':dbuser:goodreads/pipeline"' in json.dumps(statement) and holder != administration
    ]
    assert named == []


def test_the_role_alone_may_call_the_data_api(resources: dict[str, Any], role: str) -> None:
    allowed = {
        action
        for _, statement, _ in grants(resources)
        for action in [statement["Action"], *statement["Action"]][isinstance(statement["Action"], list) :]
        if action.startswith("redshift")
    }
    assert allowed == {
        "redshift:GetClusterCredentials",
        "redshift-data:BatchExecuteStatement",
        "redshift-data:CancelStatement",
        "redshift-data:DescribeStatement",
        "redshift-data:ExecuteStatement",
        "redshift-data:GetStatementResult",
    }
    assert role not in roles_of_readers(resources) | {role_of_the_state_machine(resources)}


def test_the_state_machine_and_the_functions_that_read_may_assume_the_role_and_nobody_else(
    resources: dict[str, Any], role: str
) -> None:
    expected = roles_of_readers(resources) | {role_of_the_state_machine(resources)}
    assert len(expected) == 1 + len(READERS)
    (trust,) = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    trusted = trust["Principal"]["AWS"]
    assert sorted(each["Fn::GetAtt"][0] for each in trusted) == sorted(expected)
    permitted = {
        holder
        for _, statement, holder in grants(resources)
        if statement["Action"] == "sts:AssumeRole"
        and {"Fn::GetAtt": [role, "Arn"]} in listed(statement["Resource"])
    }
    assert permitted == expected


def test_every_function_is_told_the_role(resources: dict[str, Any], role: str) -> None:
    told = [
        resource["Properties"]["Environment"]["Variables"]["STATEMENTS_ROLE_ARN"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    assert told == [{"Fn::GetAtt": [role, "Arn"]}] * len(told)
