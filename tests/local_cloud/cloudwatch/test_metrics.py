"""Metrics that arrive by themselves: what functions print, what services publish."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from moto.cloudwatch.models import cloudwatch_backends

from local_cloud import cloudwatch
from local_cloud.cloudwatch import PrintedMetrics
from tests.local_cloud.conftest import Endpoint

pytestmark = pytest.mark.usefixtures("no_data_yet")


@pytest.fixture
def no_data_yet(endpoint: Endpoint) -> None:
    """An endpoint without data points."""
    assert endpoint
    cloudwatch_backends["123456789012"]["us-east-1"].metric_data.clear()


def found() -> dict[tuple[str, str, str], list[float]]:
    """The values of each metric: namespace, name, dimensions."""
    values: dict[tuple[str, str, str], list[float]] = {}
    for datum in cloudwatch_backends["123456789012"]["us-east-1"].metric_data:
        dimensions = " ".join(f"{each.name}={each.value}" for each in datum.dimensions)
        values.setdefault((datum.namespace, datum.name, dimensions), []).append(datum.value)
    return values


def emf(**metrics: float) -> str:
    """What Powertools prints."""
    measured = EphemeralMetrics(namespace="Books", service="report_run")
    for name, value in metrics.items():
        measured.add_metric(name, MetricUnit.Count, value)
    return json.dumps(measured.serialize_metric_set())


def test_what_powertools_prints_becomes_metrics(tmp_path: Path) -> None:
    log = tmp_path / "log"
    printed = PrintedMetrics()
    printed.skip(log)
    log.write_text(f"{emf(RowsRead=12, RowsStale=0)}\n")
    printed.publish(log)
    assert found() == {
        ("Books", "RowsRead", "service=report_run"): [12],
        ("Books", "RowsStale", "service=report_run"): [0],
    }


def test_a_line_is_read_once_when_it_is_complete(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"{emf(Old=1)}\n")
    printed = PrintedMetrics()
    text = f"{emf(New=1)}\n"
    for piece in (text[:9], text[9:], text):
        printed.skip(log)
        with log.open("a") as file:
            file.write(piece)
        printed.publish(log)
    assert found() == {("Books", "New", "service=report_run"): [1, 1]}


@pytest.mark.parametrize(
    "line",
    ["plain text", "{not json", '{"message": "a log line"}', '{"_aws": {"Timestamp": 1}}', "", "\x00\xff"],
)
def test_other_lines_are_no_metrics(tmp_path: Path, line: str) -> None:
    log = tmp_path / "log"
    printed = PrintedMetrics()
    printed.skip(log)
    log.write_text(f"{line}\n{emf(RowsRead=1)}\n")
    printed.publish(log)
    assert list(found().values()) == [[1]]


def test_each_set_of_dimensions_is_a_metric_and_a_list_is_several_values(tmp_path: Path) -> None:
    document = {
        "_aws": {
            "Timestamp": 1_770_000_000_000,
            "CloudWatchMetrics": [
                {"Namespace": "Books", "Dimensions": [[], ["a", "b"]], "Metrics": [{"Name": "Seconds", "Unit": "Seconds"}]}
            ],
        },
        "Seconds": [1.5, 2],
        "a": "x",
        "b": "7",
    }  # fmt: skip
    log = tmp_path / "log"
    printed = PrintedMetrics()
    printed.skip(log)
    log.write_text(f"{json.dumps(document)}\n")
    printed.publish(log)
    assert found() == {("Books", "Seconds", ""): [1.5, 2], ("Books", "Seconds", "a=x b=7"): [1.5, 2]}
    moments = {datum.timestamp for datum in cloudwatch_backends["123456789012"]["us-east-1"].metric_data}
    assert moments == {datetime.fromtimestamp(1_770_000_000, UTC).replace(tzinfo=None)}


def document(**changes: Any) -> dict[str, Any]:
    """A document with one metric and one dimension, both at the limits of what CloudWatch takes."""
    directive = {"Namespace": "n" * 255, "Dimensions": [["a"]], "Metrics": [{"Name": "Seconds"}]}
    directive |= {name: value for name, value in changes.items() if name in directive}
    members = {name: value for name, value in changes.items() if name not in directive}
    return {
        "_aws": {"Timestamp": 1, "CloudWatchMetrics": [directive]},
        "Seconds": 1,
        "a": "x" * 1024,
        **members,
    }


def named(count: int) -> dict[str, str]:
    return {f"d{number}": "x" for number in range(count)}


@pytest.mark.parametrize(
    ("taken", "refused", "why"),
    [
        ({"Namespace": "n"}, {"Namespace": "n" * 256}, "'namespace' failed to satisfy constraint"),
        ({}, {"Namespace": ":n"}, "regular expression"),
        ({}, {"a": "x" * 1025}, "length less than or equal to 1024"),
        ({}, {"a": ""}, "length greater than or equal to 1"),
        ({}, {"a": 7}, "the dimension a is no text: 7"),
        ({}, {"Dimensions": [["a", "b"]]}, "b is missing"),
        ({"Dimensions": [[*named(30)]], **named(30)}, {"Dimensions": [[*named(31)]], **named(31)}, "length less than or equal to 30"),
        ({"Metrics": [{"Name": "Seconds"}] * 100}, {"Metrics": [{"Name": "Seconds"}] * 101}, "at most 100"),
        ({"Metrics": [{"Name": "m" * 255}], "m" * 255: 1}, {"Metrics": [{"Name": "m" * 256}], "m" * 256: 1}, "'metricData.1.member.metricName'"),
        ({}, {"Metrics": [{"Name": "Other"}]}, "Other is missing"),
        ({"Seconds": [1] * 100}, {"Seconds": [1] * 101}, "at most 100"),
        ({"Seconds": 2.0**360}, {"Seconds": 2.0**361}, "is invalid"),
        ({}, {"Seconds": "1"}, "neither a number nor a list of numbers"),
        ({"more": "x" * 1_000_000}, {"more": "x" * 1024**2}, "at most 1048576 are allowed"),
    ],
)  # fmt: skip
def test_a_document_that_cloudwatch_would_not_take_publishes_nothing_and_is_counted_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, taken: dict[str, Any], refused: dict[str, Any], why: str
) -> None:
    log = tmp_path / "lambda-report_run.log"
    printed = PrintedMetrics()
    printed.skip(log)
    log.write_text(f"{json.dumps(document(**taken))}\n")
    printed.publish(log)
    published = found()
    assert published
    with log.open("a") as file:
        file.write(f"{json.dumps(document(**refused))}\n{emf(RowsRead=1)}\n")
    printed.publish(log)
    errors = ("AWS/Logs", "EMFValidationErrors", "LogGroupName=/aws/lambda/report_run")
    assert found() == published | {errors: [1], ("Books", "RowsRead", "service=report_run"): [1]}
    assert "report_run: CloudWatch would take no metric" in caplog.text
    assert why in caplog.text


@pytest.mark.parametrize(
    ("status", "metric"),
    [
        ("SUCCEEDED", "ExecutionsSucceeded"),
        ("FAILED", "ExecutionsFailed"),
        ("TIMED_OUT", "ExecutionsTimedOut"),
        ("ABORTED", "ExecutionsAborted"),
    ],
)
def test_an_execution_counts_as_what_it_ended_as(status: str, metric: str) -> None:
    cloudwatch.execution_ended(
        {
            "stateMachineArn": "machine",
            "status": status,
            "startDate": "2026-02-28 12:00:00+00:00",
            "stopDate": "2026-02-28 12:01:30.500000+00:00",
        }
    )
    assert found() == {
        ("AWS/States", metric, "StateMachineArn=machine"): [1],
        ("AWS/States", "ExecutionTime", "StateMachineArn=machine"): [90_500],
    }


def test_a_function_publishes_its_errors_also_if_there_are_none() -> None:
    for failed in (False, True):
        cloudwatch.function_invoked("reporter", milliseconds=12.5, failed=failed)
    assert found() == {
        ("AWS/Lambda", "Invocations", "FunctionName=reporter"): [1, 1],
        ("AWS/Lambda", "Errors", "FunctionName=reporter"): [0, 1],
        ("AWS/Lambda", "Duration", "FunctionName=reporter"): [12.5, 12.5],
    }


def test_rules_and_schedules_publish_failures_only_if_there_are_some() -> None:
    for failed in (False, True):
        cloudwatch.target_called("arn:aws:events:us-east-1:123456789012:rule/ten", failed=failed)
        cloudwatch.target_called("arn:aws:scheduler:us-east-1:123456789012:schedule/books/x", failed=failed)
    assert found() == {
        ("AWS/Events", "Invocations", "RuleName=ten"): [1, 1],
        ("AWS/Events", "FailedInvocations", "RuleName=ten"): [1],
        ("AWS/Scheduler", "InvocationAttemptCount", "ScheduleGroup=books"): [1, 1],
        ("AWS/Scheduler", "TargetErrorCount", "ScheduleGroup=books"): [1],
    }


def test_clusters_publish_what_is_known_of_them_and_nothing_when_they_are_gone() -> None:
    redshift, emr = boto3.client("redshift"), boto3.client("emr")
    redshift.create_cluster(
        ClusterIdentifier="books", NodeType="ra3.large", MasterUsername="a", MasterUserPassword="Abcdefg1"
    )
    groups = [
        {"InstanceRole": role, "InstanceType": "m5.xlarge", "InstanceCount": count}
        for role, count in (("MASTER", 1), ("CORE", 2))
    ]
    cluster = emr.run_job_flow(Name="books", Instances={"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": True})["JobFlowId"]  # fmt: skip
    noon = datetime(2026, 2, 28, 12, tzinfo=UTC)
    cloudwatch.clusters_seen(noon)
    expected: dict[Any, Any] = {
        ("AWS/Redshift", "HealthStatus", "ClusterIdentifier=books"): [1],
        ("AWS/ElasticMapReduce", "CoreNodesRunning", f"JobFlowId={cluster}"): [2],
        ("AWS/ElasticMapReduce", "MRUnhealthyNodes", f"JobFlowId={cluster}"): [0],
    }
    assert found() == expected
    redshift.delete_cluster(ClusterIdentifier="books", SkipFinalClusterSnapshot=True)
    emr.terminate_job_flows(JobFlowIds=[cluster])
    cloudwatch.clusters_seen(noon + timedelta(minutes=1))
    assert found() == expected
