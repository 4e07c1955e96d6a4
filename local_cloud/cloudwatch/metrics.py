"""Metrics that AWS's services publish of themselves, as far as this machine knows them, and those that functions print.

Names and dimensions are those of each service's page "metrics" in its guide: Step Functions, Lambda, EventBridge, Redshift, EMR.
What this machine does not know is not published: throttles, and the load and disks of clusters.
"""

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from moto.cloudwatch.models import cloudwatch_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.identity.principals import ADMINISTRATOR
from local_cloud.limits import problem_of

_logger = logging.getLogger(__name__)

_EVENT_BYTES = 1024 * 1024
_METRICS, _VALUES = 100, 100
"""Of one directive, and of one metric in a line: the embedded metric format allows fewer than PutMetricData does."""

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

    From "Specification: Embedded metric format" in the CloudWatch User Guide, and the limits of PutMetricData. Each line of a log is read once. A
    line that CloudWatch would not take is logged, and counted as the CloudWatch Logs User Guide tells, in `EMFValidationErrors` of `AWS/Logs`; the
    log group has the name that Lambda gives it if nobody else does.
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
            try:
                for metric in _printed(line):
                    put(*metric)
            except _NotTakenError as error:
                function = log.stem.removeprefix("lambda-")
                _logger.warning(
                    "%s: CloudWatch would take no metric from a line of its log: %s", function, error
                )
                put("AWS/Logs", {"LogGroupName": f"/aws/lambda/{function}"}, {"EMFValidationErrors": 1})


class _NotTakenError(ValueError):
    """A document in the embedded metric format that breaks the format's specification, or has metrics that CloudWatch does not keep."""


def _printed(line: bytes) -> list[tuple[str, dict[str, str], dict[str, float | list[float]], datetime]]:
    """Namespace, dimensions, values and time of each set of metrics in a line of a log; none if the line is something else.

    Raises _NotTakenError if one of them would not be taken: the specification does not say that the others are.
    """
    if not line.startswith(b"{"):
        return []
    try:
        document = json.loads(line)
    except ValueError:
        return []
    told = document.get("_aws", {})
    directives = told.get("CloudWatchMetrics", [])
    if directives and len(line) > _EVENT_BYTES:
        raise _NotTakenError(f"it has {len(line)} bytes, at most {_EVENT_BYTES} are allowed")
    return [each for directive in directives for each in _of_directive(document, directive, told)]


def _of_directive(
    document: Mapping[str, Any], directive: Mapping[str, Any], told: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, str], dict[str, float | list[float]], datetime]]:
    metrics = _target(directive, "Metrics")
    if len(metrics) > _METRICS:
        raise _NotTakenError(f"a directive has {len(metrics)} metrics, at most {_METRICS} are allowed")
    values = {
        name: _numbers(name, _target(document, name)) for name in (_target(one, "Name") for one in metrics)
    }
    moment = datetime.fromtimestamp(_target(told, "Timestamp") / 1000, UTC)
    for names in _target(directive, "Dimensions"):
        dimensions = {name: _target(document, name) for name in names}
        if others := [name for name, value in dimensions.items() if not isinstance(value, str)]:
            raise _NotTakenError(f"the dimension {others[0]} is no text: {dimensions[others[0]]!r}")
        namespace = _target(directive, "Namespace")
        data = [
            {
                "MetricName": name,
                "Dimensions": [{"Name": each, "Value": value} for each, value in dimensions.items()],
                "Values": value if isinstance(value, list) else [value],
            }
            for name, value in values.items()
        ]
        request = {"Namespace": namespace, "MetricData": data}
        if problem := problem_of(ADMINISTRATOR, "cloudwatch", "PutMetricData", request):
            raise _NotTakenError(problem.message)
        yield namespace, dimensions, values, moment


def _target(members: Mapping[str, Any], name: str) -> Any:
    if name not in members:
        raise _NotTakenError(f"{name} is missing")
    return members[name]


def _numbers(name: str, value: Any) -> float | list[float]:
    numbers = value if isinstance(value, list) else [value]
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in numbers):
        raise _NotTakenError(f"the metric {name} is neither a number nor a list of numbers: {value!r}")
    if len(numbers) > _VALUES:
        raise _NotTakenError(f"the metric {name} has {len(numbers)} values, at most {_VALUES} are allowed")
    return value if isinstance(value, list) else float(value)
