"""What makes each alarm ring, and when: the data of test_alarms.py, and the table that people read.

python -m tests.e2e.causes > docs/alarms.md
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3

from local_cloud import cloudwatch
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.cloudwatch import PrintedMetrics

Publish = Callable[[datetime], None]

MIDNIGHT = datetime(2026, 2, 28, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TROUBLE = 60
"""The minute after midnight in which the trouble begins."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What the real thing publishes every `every` minutes, when all is well and for `minutes` in trouble.

    The alarm rings `rings` minutes after the trouble has begun, and is over `over` minutes after it has ended. `told` is the trouble in words.
    """

    told: str
    trouble: Publish
    minutes: int
    rings: int
    over: int
    well: Publish = lambda _: None
    every: int = 10


def run(status: str) -> Publish:
    """Step Functions, of a run that has ended."""
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:goodreads"

    def publish(at: datetime) -> None:
        times = {"startDate": str(at - 5 * MINUTE), "stopDate": str(at)}
        cloudwatch.execution_ended({"stateMachineArn": machine, "status": status, **times})

    return publish


def skipped(at: datetime) -> None:
    """The task CountSkipped; the run succeeds."""
    run("SUCCEEDED")(at)
    boto3.client("cloudwatch").put_metric_data(
        Namespace="GoodreadsPipeline/goodreads",
        MetricData=[
            {
                "MetricName": "RunsSkipped",
                "Dimensions": [{"Name": "service", "Value": "plan_copies"}],
                "Value": 1,
                "Unit": "Count",
                "Timestamp": at,
            }
        ],
    )


def schedule(*, failed: bool) -> Publish:
    """EventBridge, of the rule."""
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/goodreads"
    return lambda at: cloudwatch.target_called(rule, failed=failed, at=at)


def function(name: str, *, failed: bool) -> Publish:
    """Lambda, of an invocation."""
    return lambda at: cloudwatch.function_invoked(f"goodreads-{name}", milliseconds=80, failed=failed, at=at)


def printed(service: str, **values: float) -> Publish:
    """A function, in the embedded metric format."""

    def publish(at: datetime) -> None:
        directive = {
            "Namespace": "GoodreadsPipeline/goodreads",
            "Dimensions": [["service"]],
            "Metrics": [{"Name": name} for name in values],
        }
        told = {"Timestamp": int(1000 * at.timestamp()), "CloudWatchMetrics": [directive]}
        with tempfile.TemporaryDirectory() as folder:
            log, reader = Path(folder, "log"), PrintedMetrics()
            reader.skip(log)
            log.write_text(json.dumps({"_aws": told, "service": service, **values}) + "\n")
            reader.publish(log)

    return publish


def planned(*, oldest_minutes: float = 1, left: int = 0) -> Publish:
    """PlanCopies."""
    return printed("plan_copies", OldestFileSeconds=60 * oldest_minutes, FilesLeftForLater=left)


def reported(**values: float) -> Publish:
    """ReportRun."""
    return printed("report_run", **{"RowsQuarantined": 0, "FilesQuarantined": 0, **values})


def emr(**values: float) -> Publish:
    """EMR, of the cluster."""

    def publish(at: datetime) -> None:
        (cluster,) = boto3.client("emr").list_clusters()["Clusters"]
        cloudwatch.put("AWS/ElasticMapReduce", {"JobFlowId": cluster["Id"]}, values, at)

    return publish


def redshift(**values: float) -> Publish:
    """Redshift, of the cluster."""
    return lambda at: cloudwatch.put("AWS/Redshift", {"ClusterIdentifier": "goodreads"}, values, at)


CAUSES = {
    "RunFailed": Cause(
        told="a run fails", well=run("SUCCEEDED"), trouble=run("FAILED"), minutes=1, rings=1, over=5
    ),
    "RunsLate": Cause(
        told="no run finishes", well=run("SUCCEEDED"), trouble=lambda _: None, minutes=60, rings=21, over=1
    ),
    "RunsSkipped": Cause(
        told="every run is skipped", well=run("SUCCEEDED"), trouble=skipped, minutes=60, rings=21, over=21
    ),
    "ScheduleFailed": Cause(
        told="the rule cannot start a run",
        well=schedule(failed=False),
        trouble=schedule(failed=True),
        minutes=1,
        rings=1,
        over=15,
    ),
    "LandingOld": Cause(
        told="a file has waited for 31 minutes",
        well=planned(),
        trouble=planned(oldest_minutes=31),
        minutes=30,
        rings=1,
        over=1,
    ),
    "LandingBacklog": Cause(
        told="every run leaves 7 files for later",
        well=planned(),
        trouble=planned(left=7),
        minutes=60,
        rings=21,
        over=1,
    ),
    "RowsQuarantined": Cause(
        told="a run rejects 3 rows",
        well=reported(),
        trouble=reported(RowsQuarantined=3),
        minutes=10,
        rings=1,
        over=1,
    ),
    "FilesQuarantined": Cause(
        told="a run rejects a file",
        well=reported(),
        trouble=reported(FilesQuarantined=1),
        minutes=10,
        rings=1,
        over=1,
    ),
    "EmrNodesMissing": Cause(
        told="1 of 2 core nodes runs",
        well=emr(CoreNodesRunning=2),
        trouble=emr(CoreNodesRunning=1),
        every=5,
        minutes=60,
        rings=11,
        over=1,
    ),
    "EmrNodesUnhealthy": Cause(
        told="YARN reports an unhealthy node",
        well=emr(MRUnhealthyNodes=0),
        trouble=emr(MRUnhealthyNodes=1),
        every=5,
        minutes=30,
        rings=6,
        over=1,
    ),
    "RedshiftUnhealthy": Cause(
        told="the cluster is unhealthy",
        well=redshift(HealthStatus=1),
        trouble=redshift(HealthStatus=0),
        every=1,
        minutes=30,
        rings=6,
        over=5,
    ),
    "RedshiftDiskFull": Cause(
        told="81 % of the storage is used",
        well=redshift(PercentageDiskSpaceUsed=79),
        trouble=redshift(PercentageDiskSpaceUsed=81),
        every=1,
        minutes=30,
        rings=1,
        over=5,
    ),
    "RedshiftBusy": Cause(
        told="99 % of the processors are busy",
        well=redshift(CPUUtilization=50),
        trouble=redshift(CPUUtilization=99),
        every=1,
        minutes=60,
        rings=30,
        over=1,
    ),
} | {
    f"Function{name.title().replace('-', '')}": Cause(
        told="an invocation fails",
        well=function(name, failed=False),
        trouble=function(name, failed=True),
        minutes=1,
        rings=1,
        over=5,
    )
    for name in (
        "plan-copies",
        "compare-catalog",
        "drop-published",
        "copy-to-working",
        "confirm-copies",
        "quarantine-unreadable",
        "check-quality",
        "acknowledge-landing",
        "report-run",
        "write-report",
    )
}
OTHER_CAUSES = {
    "RunFailed": replace(CAUSES["RunFailed"], told="a run takes too long", trouble=run("TIMED_OUT")),
    "EmrNodesMissing": replace(
        CAUSES["EmrNodesMissing"], told="the cluster is gone", trouble=lambda _: None, rings=21
    ),
    "RedshiftUnhealthy": replace(
        CAUSES["RedshiftUnhealthy"], told="the cluster is gone", trouble=lambda _: None, rings=20, over=1
    ),
}
"""A run that was stopped or took too long; clusters that are gone."""

ALL = [*CAUSES.items(), *OTHER_CAUSES.items()]

_HEAD = """\
# When each alarm rings

Generated by `make docs` from the data of `tests/e2e/causes.py`: for each row `tests/e2e/test_alarms.py` publishes what the services publish while all
is well, then the cause, then again that all is well, and holds the deployed alarm to these times and to these mails. The times are those
of CloudWatch's periods; on AWS the delay of a metric comes on top, some minutes for EMR and Redshift. The mail has the alarm's description and
names the section of the [runbook](runbook.md#alarms) with what to do.

| alarm | cause | seconds until it rings | seconds until it is over | mails |
|---|---|---:|---:|---|
"""


def subject(state: str, name: str) -> str:
    """The subject of an alarm's mail, here for the deployment's default name and region."""
    return f'{state}: "goodreads-{name}" in US East (N. Virginia)'


def alarms_page() -> str:
    """docs/alarms.md."""
    return _HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    for name, cause in ALL:
        mails = ", then ".join(f"`{subject(state, name)}`" for state in ("ALARM", "OK"))
        yield f"| {name} | {cause.told} | {60 * cause.rings} | {60 * cause.over} | {mails} |\n"


if __name__ == "__main__":
    print(alarms_page(), end="")  # noqa: T201
