import json
import re
from typing import Any

import pytest

from stacks import ROOT
from tests.stacks.deployments import Deployment


@pytest.fixture
def alarms(deployment: Deployment) -> dict[str, dict[str, Any]]:
    found = deployment.properties("monitoring", "CloudWatch::Alarm")
    return {alarm["AlarmName"].removeprefix("goodreads-"): alarm for alarm in found}


def test_every_alarm_says_where_the_runbook_says_what_to_do(alarms: dict[str, dict[str, Any]]) -> None:
    page = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    sections = re.findall(
        r"^### (.+)$", page.partition("\n## Alarms\n")[2].partition("\n## ")[0], re.MULTILINE
    )
    named = {
        re.sub("^Function.*", "Functions", name): alarm["AlarmDescription"] for name, alarm in alarms.items()
    }
    assert list(named) == sections
    for section, description in named.items():
        assert description.endswith(f" What to do: docs/runbook.md, section {section}.")


def test_alarms_are_mailed_only_where_an_address_is_set(deployment: Deployment, changed: Deployment) -> None:
    assert deployment.properties("monitoring", "SNS::Subscription") == []
    (subscription,) = changed.properties("monitoring", "SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "data@example.org")


def test_whoever_sets_no_address_is_warned(deployment: Deployment, changed: Deployment) -> None:
    (warning,) = [said for said in warnings_of(deployment) if "nobody-is-told" in said]
    assert "set alarm_email to an address" in warning
    assert not [said for said in warnings_of(changed) if "nobody-is-told" in said]


def warnings_of(deployment: Deployment) -> list[str]:
    """What synthesis warned of in the monitoring stack."""
    found = json.loads((deployment.folder / f"{deployment.name}-monitoring.metadata.json").read_text())
    return [
        entry["data"] for entries in found.values() for entry in entries if entry["type"] == "aws:cdk:warning"
    ]


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
    namespace = reporter["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarms["RowsQuarantined"]["Namespace"] == namespace == "GoodreadsPipeline/goodreads"
    assert alarms["RowsQuarantined"]["Dimensions"] == [{"Name": "service", "Value": service}]
    (machine,) = deployment.properties("pipeline", "StepFunctions::StateMachine")
    counted = '"MetricName":"RunsSkipped","Dimensions":[{"Name":"service","Value":"plan_copies"}]'
    assert counted in json.dumps(machine["DefinitionString"]).replace("\\", "")
    assert alarms["RunsSkipped"]["Dimensions"] == [{"Name": "service", "Value": "plan_copies"}]
    assert f'"Namespace":"{namespace}"' in json.dumps(machine["DefinitionString"]).replace("\\", "")


def test_two_deployments_in_one_account_share_no_metric_of_their_own(
    deployment: Deployment, changed: Deployment
) -> None:
    def namespaces(found: Deployment) -> set[str]:
        return set(
            re.findall(
                r"GoodreadsPipeline[\w/-]*", "".join(path.read_text() for path in found.template_files)
            )
        )

    assert namespaces(deployment) == {"GoodreadsPipeline/goodreads"}
    assert namespaces(changed) == {"GoodreadsPipeline/books-2"}
