import json
from typing import Any

import pytest

from tests.stacks.deployments import Deployment


@pytest.fixture
def alarms(deployment: Deployment) -> dict[str, dict[str, Any]]:
    found = deployment.properties("monitoring", "CloudWatch::Alarm")
    return {alarm["AlarmName"].removeprefix("goodreads-"): alarm for alarm in found}


def metric_names(alarm: dict[str, Any]) -> set[str]:
    if "MetricName" in alarm:
        return {alarm["MetricName"]}
    return {part["MetricStat"]["Metric"]["MetricName"] for part in alarm["Metrics"] if "MetricStat" in part}


@pytest.mark.parametrize(
    ("name", "metrics"),
    [
        ("RunFailed", {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}),
        ("RunsLate", {"ExecutionsSucceeded", "RunsSkipped"}),
        ("RunsSkipped", {"RunsSkipped"}),
        ("ScheduleFailed", {"FailedInvocations"}),
        ("RowsQuarantined", {"RowsQuarantined"}),
        ("FilesQuarantined", {"FilesQuarantined"}),
        ("EmrNodesMissing", {"CoreNodesRunning"}),
        ("EmrNodesUnhealthy", {"MRUnhealthyNodes"}),
        ("EmrDiskFull", {"HDFSUtilization"}),
        ("RedshiftUnhealthy", {"HealthStatus"}),
        ("RedshiftDiskFull", {"PercentageDiskSpaceUsed"}),
        ("RedshiftBusy", {"CPUUtilization"}),
    ],
)
def test_an_alarm_watches(alarms: dict[str, dict[str, Any]], name: str, metrics: set[str]) -> None:
    assert metric_names(alarms[name]) == metrics


def test_every_function_has_an_alarm_on_errors_and_throttles(
    deployment: Deployment, alarms: dict[str, dict[str, Any]]
) -> None:
    functions = deployment.resources("pipeline", "Lambda::Function")
    watched = [alarm for name, alarm in alarms.items() if name.startswith("Function")]
    assert len(watched) == len(functions) > 0
    assert all(metric_names(alarm) == {"Errors", "Throttles"} for alarm in watched)


def test_every_alarm_tells_the_topic_and_says_what_to_do(alarms: dict[str, dict[str, Any]]) -> None:
    for alarm in alarms.values():
        assert len(alarm["AlarmActions"]) == 1
        assert "ExportsOutputRefAlerts" in json.dumps(alarm["AlarmActions"])
        assert len(alarm["AlarmDescription"]) > 50


def test_half_an_hour_without_a_finished_run_is_late_also_when_no_metric_arrives(
    alarms: dict[str, dict[str, Any]],
) -> None:
    late = alarms["RunsLate"]
    (expression,) = [part for part in late["Metrics"] if "Expression" in part]
    assert expression["Expression"] == "succeeded - FILL(skipped, 0)"
    assert {part["MetricStat"]["Period"] for part in late["Metrics"] if "MetricStat" in part} == {1800}
    assert (late["Threshold"], late["ComparisonOperator"]) == (1, "LessThanThreshold")
    assert late["TreatMissingData"] == "breaching"


def test_three_skips_in_a_row_are_an_alarm(alarms: dict[str, dict[str, Any]]) -> None:
    skipped = alarms["RunsSkipped"]
    assert (skipped["Period"], skipped["EvaluationPeriods"]) == (600, 3)


def test_nothing_is_late_where_the_schedule_is_off(changed: Deployment) -> None:
    names = {alarm["AlarmName"] for alarm in changed.properties("monitoring", "CloudWatch::Alarm")}
    assert "books-2-RunFailed" in names
    assert "books-2-RunsLate" not in names


def test_the_alarm_on_missing_nodes_knows_how_many_there_should_be(changed: Deployment) -> None:
    (alarm,) = [
        alarm
        for alarm in changed.properties("monitoring", "CloudWatch::Alarm")
        if alarm["AlarmName"] == "books-2-EmrNodesMissing"
    ]
    assert alarm["Threshold"] == 5


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


def test_the_dashboard_shows_alarms_runs_rows_and_clusters(deployment: Deployment) -> None:
    (dashboard,) = deployment.properties("monitoring", "CloudWatch::Dashboard")
    assert dashboard["DashboardName"] == "goodreads"
    body = json.dumps(dashboard["DashboardBody"])
    for title in (
        "Alarms",
        "Runs",
        "Duration of a run",
        "Rows read",
        "Files",
        "EMR",
        "Redshift",
        "Function errors",
    ):
        assert title in body
    for metric in ("FilesLeftForLater", "FilesQuarantined", "FilesPublishedBefore"):
        assert metric in body
