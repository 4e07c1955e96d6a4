"""The rule that lets a run have its report that was stopped, or took too long."""

import json
from typing import Any

import pytest

from local_cloud.event_bus import execution_ended, input_of
from report.cost import Resources
from tests.local_cloud.test_event_bus import description
from tests.stacks.deployments import Deployment
from tests.stacks.state_machine import StateMachine


def rule_of(deployment: Deployment) -> tuple[str, dict[str, Any]]:
    """Its logical id and its properties."""
    resources = deployment.template("pipeline")["Resources"]
    (found,) = [
        (name, resource["Properties"])
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Events::Rule" and "EventPattern" in resource["Properties"]
    ]
    return found


def test_it_matches_time_outs_and_aborts_of_this_deployments_state_machine(deployment: Deployment) -> None:
    _, rule = rule_of(deployment)
    pattern = rule["EventPattern"]
    (machine,) = pattern["detail"].pop("stateMachineArn")
    assert pattern == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"status": ["TIMED_OUT", "ABORTED"]},
    }
    found = deployment.template("pipeline")["Resources"][machine["Ref"]]
    assert found["Properties"]["StateMachineName"] == deployment.name
    assert (rule["Name"], rule["State"]) == (f"{deployment.name}-stopped-runs", "ENABLED")


def test_it_works_also_when_no_schedule_starts_runs(changed: Deployment, tuned: Deployment) -> None:
    assert [rule_of(each)[1]["State"] for each in (changed, tuned)] == ["ENABLED", "ENABLED"]


def test_only_this_rule_may_call_the_function_of_the_report_and_no_other(deployment: Deployment) -> None:
    name, rule = rule_of(deployment)
    (target,) = rule["Targets"]
    function = deployment.template("pipeline")["Resources"][target["Arn"]["Fn::GetAtt"][0]]
    assert function["Properties"]["Handler"] == "lambdas.write_report.handler"
    assert deployment.properties("pipeline", "Lambda::Permission") == [
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": target["Arn"],
            "Principal": "events.amazonaws.com",
            "SourceArn": {"Fn::GetAtt": [name, "Arn"]},
        }
    ]


@pytest.mark.parametrize("name", ["deployment", "tuned"])
def test_the_function_is_told_of_the_deployment_what_the_states_tell_it(
    request: pytest.FixtureRequest, name: str
) -> None:
    deployment: Deployment = request.getfixturevalue(name)
    event = input_of(rule_of(deployment)[1]["Targets"][0], execution_ended(description("TIMED_OUT")))
    told = json.loads(event)
    parameters = StateMachine.of(deployment).definition["States"]["WriteReport"]["Parameters"]
    for of_both in ("deployment", "warehouse", "resources"):
        assert told[of_both] == parameters[of_both]
    assert Resources(**told["resources"]).memory_mb[f"{deployment.name}-write-report"]
    assert {name: told[name] for name in ("execution", "run_id", "status", "started", "ended")} == {
        "execution": "arn:aws:states:us-east-1:123456789012:execution:books:r1",
        "run_id": "r1",
        "status": "TIMED_OUT",
        "started": 1583043000250,
        "ended": 1583043020500,
    }


def test_an_event_without_its_optional_fields_is_told_as_well(deployment: Deployment) -> None:
    """A long input is left out of an event, and an error is in none of the guide's examples."""
    event = execution_ended(description())
    detail = {
        name: event["detail"][name] for name in ("executionArn", "name", "status", "startDate", "stopDate")
    }
    target = rule_of(deployment)[1]["Targets"][0]
    assert input_of(target, {**event, "detail": detail}) == input_of(target, event)
