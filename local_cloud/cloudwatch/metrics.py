"""Metrics that AWS's services publish of themselves, as far as this machine knows them, and those that functions print.

Names and dimensions are those of each service's page "metrics" in its guide: Step Functions, Lambda, EventBridge, Redshift, EMR.
What this machine does not know is not published: throttles, and the load and disks of clusters.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from moto.cloudwatch.models import cloudwatch_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION

_OF_STATUS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def put(
    namespace: str,
    dimensions: Mapping[str, str],
    values: Mapping[str, float | list[float]],
    at: datetime | None = None,
) -> None:
    """Publish metrics that share their dimensions, each with one value or several, at a time (default: now)."""
    moment = (
        (at or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    )  # moto keeps UTC without saying so
    pairs = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    cloudwatch_backends[ACCOUNT][REGION].put_metric_data(
        namespace,
        [
            {
                "MetricName": name,
                "Dimensions": pairs,
                "Timestamp": moment,
                "Values": value if isinstance(value, list) else [value],
            }
            for name, value in values.items()
        ],
    )


def execution_ended(description: Mapping[str, Any]) -> None:
    """An execution has ended; the description is that of DescribeExecution, with its times as text."""
    started, stopped = (datetime.fromisoformat(description[name]) for name in ("startDate", "stopDate"))
    values = {
        _OF_STATUS[description["status"]]: 1,
        "ExecutionTime": (stopped - started).total_seconds() * 1000,
    }
    put("AWS/States", {"StateMachineArn": description["stateMachineArn"]}, values, stopped)


def function_invoked(name: str, *, milliseconds: float, failed: bool, at: datetime | None = None) -> None:
    """A function has answered, or has failed."""
    values: dict[str, float | list[float]] = {
        "Invocations": 1,
        "Errors": int(failed),
        "Duration": milliseconds,
    }
    put("AWS/Lambda", {"FunctionName": name}, values, at)


def target_called(arn: str, *, failed: bool, at: datetime | None = None) -> None:
    """A rule, or a schedule of EventBridge Scheduler, has called its target, or could not; only a failure counts as one."""
    _, _, service, *_, resource = arn.split(":")
    _, name, *_ = resource.split("/")  # rule/NAME or schedule/GROUP/NAME
    if service == "events":
        counts = {"Invocations": 1} | ({"FailedInvocations": 1} if failed else {})
        put("AWS/Events", {"RuleName": name}, counts, at)
    else:
        counts = {"InvocationAttemptCount": 1} | ({"TargetErrorCount": 1} if failed else {})
        put("AWS/Scheduler", {"ScheduleGroup": name}, counts, at)


def clusters_seen(now: datetime) -> None:
    """The health of each Redshift cluster and the nodes of each EMR cluster that is deployed."""
    for cluster in boto3.client("redshift").describe_clusters()["Clusters"]:
        healthy = int(cluster["ClusterStatus"] == "available")
        put(
            "AWS/Redshift",
            {"ClusterIdentifier": cluster["ClusterIdentifier"]},
            {"HealthStatus": healthy},
            now,
        )
    emr = boto3.client("emr")
    for cluster in emr.list_clusters(ClusterStates=["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"])[
        "Clusters"
    ]:
        groups = emr.list_instance_groups(ClusterId=cluster["Id"])["InstanceGroups"]
        cores = sum(group["RunningInstanceCount"] for group in groups if group["InstanceGroupType"] == "CORE")
        put(
            "AWS/ElasticMapReduce",
            {"JobFlowId": cluster["Id"]},
            {"CoreNodesRunning": cores, "MRUnhealthyNodes": 0},
            now,
        )


class PrintedMetrics:
    """Publishes what functions print in the embedded metric format, as CloudWatch Logs does with a function's log.

    From "Specification: Embedded metric format" in the CloudWatch User Guide. Each line of a log is read once.
    """

    def __init__(self) -> None:
        self._read: dict[Path, int] = {}
        self._one_at_a_time = threading.Lock()

    def skip(self, log: Path) -> None:
        """Leave out what the log already holds, if nothing of it was read: an earlier endpoint has published it."""
        with self._one_at_a_time:
            self._read.setdefault(log, log.stat().st_size if log.exists() else 0)

    def publish(self, log: Path) -> None:
        """Publish the metrics of the complete lines that are new."""
        with self._one_at_a_time, log.open("rb") as file:
            file.seek(self._read[log])
            new = file.read()
            complete = new[: new.rfind(b"\n") + 1]
            self._read[log] += len(complete)
        for line in complete.splitlines():
            for metric in _printed(line):
                put(*metric)


def _printed(line: bytes) -> Iterator[tuple[str, dict[str, str], dict[str, float | list[float]], datetime]]:
    """Namespace, dimensions, values and time of each set of metrics in a line of a log; none if the line is something else."""
    if not line.startswith(b"{"):
        return
    try:
        document = json.loads(line)
    except ValueError:
        return
    told = document.get("_aws", {})
    for directive in told.get("CloudWatchMetrics", []):
        values = {metric["Name"]: document[metric["Name"]] for metric in directive["Metrics"]}
        for names in directive["Dimensions"]:
            moment = datetime.fromtimestamp(told["Timestamp"] / 1000, UTC)
            yield directive["Namespace"], {name: str(document[name]) for name in names}, values, moment
