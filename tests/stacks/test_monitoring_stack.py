import json
from typing import Any

import pytest

from tests.stacks.deployments import Deployment


@pytest.fixture
def alarms(deployment: Deployment) -> dict[str, dict[str, Any]]:
    found = deployment.properties("monitoring", "CloudWatch::Alarm")
    return {alarm["AlarmName"].removeprefix("goodreads-"): alarm for alarm in found}


def test_every_alarm_tells_the_topic_and_says_what_to_do(alarms: dict[str, dict[str, Any]]) -> None:
    for alarm in alarms.values():
        assert len(alarm["AlarmActions"]) == 1
        assert "ExportsOutputRefAlerts" in json.dumps(alarm["AlarmActions"])
        assert len(alarm["AlarmDescription"]) > 50


def test_alarms_are_mailed_only_where_an_address_is_set(deployment: Deployment, changed: Deployment) -> None:
    assert deployment.properties("monitoring", "SNS::Subscription") == []
    (subscription,) = changed.properties("monitoring", "SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "data@example.org")


def test_the_topic_admits_alarms_of_this_account(deployment: Deployment) -> None:
    (policy,) = deployment.properties("pipeline", "SNS::TopicPolicy")
    (statement,) = [s for s in policy["PolicyDocument"]["Statement"] if s.get("Sid") == "AlarmsOfThisAccount"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_counts_are_looked_for_where_they_are_published(
    deployment: Deployment, alarms: dict[str, dict[str, Any]]
) -> None:
    (reporter,) = [
        function
        for function in deployment.properties("pipeline", "Lambda::Function")
        if function["Handler"] == "lambdas.report_run.handler"
    ]
    service = reporter["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert alarms["RowsQuarantined"]["Namespace"] == "GoodreadsPipeline"
    assert alarms["RowsQuarantined"]["Dimensions"] == [{"Name": "service", "Value": service}]
    (machine,) = deployment.properties("pipeline", "StepFunctions::StateMachine")
    assert "RunsSkipped" in json.dumps(machine["DefinitionString"])
    assert "Dimensions" not in alarms["RunsSkipped"]
