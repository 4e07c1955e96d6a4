"""The schedule, the logs and the alerts around the state machine."""

import json
import re
from typing import Any

import pytest

from stacks import ROOT
from tests.stacks.deployments import Deployment


@pytest.fixture
def rule(deployment: Deployment) -> dict[str, Any]:
    return schedule_of(deployment)


def schedule_of(deployment: Deployment) -> dict[str, Any]:
    """The rule that starts runs; the other one tells of runs that were stopped."""
    rules = deployment.properties("pipeline", "Events::Rule")
    (found,) = [rule for rule in rules if "ScheduleExpression" in rule]
    return found


def test_a_run_starts_every_ten_minutes_as_the_context_says(rule: dict[str, Any]) -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    assert (context["schedule_minutes"], context["schedule_enabled"]) == (10, True)
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(10 minutes)", "ENABLED")


def test_the_schedule_can_be_switched_off(changed: Deployment) -> None:
    found = schedule_of(changed)
    assert (found["ScheduleExpression"], found["State"]) == ("rate(20 minutes)", "DISABLED")


def test_the_schedule_starts_the_state_machine_with_an_empty_input(
    deployment: Deployment, rule: dict[str, Any]
) -> None:
    (target,) = rule["Targets"]
    machine = deployment.template("pipeline")["Resources"][target["Arn"]["Ref"]]
    assert machine["Type"] == "AWS::StepFunctions::StateMachine"
    assert target["Input"] == "{}"


def test_a_schedule_at_times_starts_the_state_machine_with_an_empty_input(tuned: Deployment) -> None:
    (schedule,) = tuned.properties("pipeline", "Scheduler::Schedule")
    machine = tuned.template("pipeline")["Resources"][schedule["Target"]["Arn"]["Ref"]]
    assert machine["Type"] == "AWS::StepFunctions::StateMachine"
    assert schedule["Target"]["Input"] == "{}"
    (group,) = tuned.properties("pipeline", "Scheduler::ScheduleGroup")
    assert group["Name"] == schedule["GroupName"] == tuned.name


def test_the_state_machine_logs_and_traces_everything(deployment: Deployment) -> None:
    (machine,) = deployment.properties("pipeline", "StepFunctions::StateMachine")
    assert machine["StateMachineName"] == "goodreads"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    logging = machine["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", True)


@pytest.mark.parametrize(("name", "days"), [("deployment", 30), ("changed", 90)])
def test_every_log_group_forgets_after_the_days_of_the_settings_and_goes_with_its_stack(
    request: pytest.FixtureRequest, name: str, days: int
) -> None:
    groups = request.getfixturevalue(name).resources("pipeline", "Logs::LogGroup")
    assert len(groups) == 11  # ten functions and the state machine
    assert {group["Properties"]["RetentionInDays"] for group in groups} == {days}
    assert {group["DeletionPolicy"] for group in groups} == {"Delete"}


def test_a_failure_is_told_to_a_topic_that_takes_only_encrypted_connections(deployment: Deployment) -> None:
    (topic,) = deployment.properties("pipeline", "SNS::Topic")
    assert topic["DisplayName"] == "goodreads pipeline"
    (policy,) = deployment.properties("pipeline", "SNS::TopicPolicy")
    (denied,) = [part for part in policy["PolicyDocument"]["Statement"] if part["Effect"] == "Deny"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_state_machine_may_do_what_its_states_do_and_no_more(deployment: Deployment) -> None:
    (policy,) = [
        found
        for found in deployment.properties("pipeline", "IAM::Policy")
        if "StateMachineRole" in json.dumps(found["Roles"])
    ]
    actions = {
        action
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    services = {action.split(":")[0] for action in actions}
    assert services == {
        "cloudwatch",
        "dynamodb",
        "elasticmapreduce",
        "events",
        "kms",
        "lambda",
        "logs",
        "sns",
        "states",
        "sts",
        "xray",
    }
    assert {action for action in actions if action.startswith("sts")} == {"sts:AssumeRole"}


def test_step_functions_takes_the_role_only_for_this_state_machine_of_this_account(
    deployment: Deployment,
) -> None:
    (role,) = [
        found["Properties"]
        for name, found in deployment.template("pipeline")["Resources"].items()
        if found["Type"] == "AWS::IAM::Role" and name.startswith("StateMachineRole")
    ]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert ":stateMachine:goodreads" in json.dumps(trust["Condition"]["ArnLike"]["aws:SourceArn"])


def test_eventbridge_takes_the_role_only_for_this_rule_of_this_account(
    deployment: Deployment, rule: dict[str, Any]
) -> None:
    (target,) = rule["Targets"]
    trust = trust_of(deployment, target["RoleArn"])
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    here = [{"Ref": "AWS::Partition"}, ":events:", {"Ref": "AWS::Region"}, ":", {"Ref": "AWS::AccountId"}]
    assert trust["Condition"] == {
        "ArnLike": {"aws:SourceArn": {"Fn::Join": ["", ["arn:", *here, f":rule/{rule['Name']}"]]}},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }


def test_eventbridge_scheduler_takes_the_role_only_for_this_group_of_this_account(tuned: Deployment) -> None:
    (schedule,) = tuned.properties("pipeline", "Scheduler::Schedule")
    trust = trust_of(tuned, schedule["Target"]["RoleArn"])
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    resources = tuned.template("pipeline")["Resources"]
    (group,) = [name for name, found in resources.items() if found["Type"] == "AWS::Scheduler::ScheduleGroup"]
    assert trust["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"},
        "aws:SourceArn": {"Fn::GetAtt": [group, "Arn"]},
    }


def trust_of(deployment: Deployment, role_arn: dict[str, Any]) -> dict[str, Any]:
    """The one statement of a role's trust policy."""
    role = deployment.template("pipeline")["Resources"][role_arn["Fn::GetAtt"][0]]["Properties"]
    statement: dict[str, Any]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    return statement


def test_who_publishes_to_the_encrypted_topic_may_use_its_key(deployment: Deployment) -> None:
    (topic,) = deployment.properties("pipeline", "SNS::Topic")
    (key_id,) = [
        name
        for name, found in deployment.template("pipeline")["Resources"].items()
        if found["Type"] == "AWS::KMS::Key"
    ]
    assert key_id in json.dumps(topic["KmsMasterKeyId"])
    key = deployment.template("pipeline")["Resources"][key_id]["Properties"]
    (alarms,) = [s for s in key["KeyPolicy"]["Statement"] if s.get("Sid") == "AlarmsOfThisAccount"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert alarms["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert key_id in json.dumps(statement_of(deployment, "kms:Decrypt")["Resource"])


def statement_of(deployment: Deployment, action: str) -> dict[str, Any]:
    """The statement of the state machine's role that allows an action."""
    found: dict[str, Any]
    (found,) = [
        statement
        for policy in deployment.properties("pipeline", "IAM::Policy")
        if "StateMachineRole" in json.dumps(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
        if action in statement["Action"]
    ]
    return found


@pytest.mark.parametrize("action", ["AddJobFlowSteps", "DescribeStep", "CancelSteps"])
def test_the_state_machine_runs_steps_on_its_own_cluster_only(deployment: Deployment, action: str) -> None:
    (machine,) = deployment.properties("pipeline", "StepFunctions::StateMachine")
    resource = json.dumps(statement_of(deployment, f"elasticmapreduce:{action}")["Resource"])
    (cluster,) = re.findall(r':cluster/", ({"Ref": "[^"]+"})', resource)
    assert cluster in json.dumps(machine["DefinitionString"])
    assert "emrclusterid" in cluster


def test_the_state_machine_writes_metrics_only_of_the_pipeline(deployment: Deployment) -> None:
    statement = statement_of(deployment, "cloudwatch:PutMetricData")
    assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "GoodreadsPipeline/goodreads"}}


def test_other_programs_find_the_state_machine_and_the_topic(deployment: Deployment) -> None:
    outputs = deployment.template("pipeline")["Outputs"]
    assert {"StateMachineArn", "AlertsTopicArn"} <= set(outputs)
