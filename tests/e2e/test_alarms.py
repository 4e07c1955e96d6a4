"""Each deployed alarm rings for its cause, once, and says when it is over; hours pass in moments."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.cloudwatch.models import cloudwatch_backends

from local_cloud import cloudwatch
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.cloudwatch import AlarmWatch, PrintedMetrics, clusters_seen, data_by_metric, evaluate
from local_cloud.mailbox import Mailbox
from tests.e2e.pipeline import Pipeline

pytestmark = pytest.mark.e2e

Publish = Callable[[datetime], None]

MIDNIGHT = datetime(2026, 2, 28, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TROUBLE = 60
"""The minute after midnight in which the trouble begins."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What the real thing publishes every `every` minutes, when all is well and for `minutes` in trouble.

    The alarm rings `rings` minutes after the trouble has begun, and is over `over` minutes after it has ended.
    """

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
    "RunFailed": Cause(well=run("SUCCEEDED"), trouble=run("FAILED"), minutes=1, rings=1, over=5),
    "RunsLate": Cause(well=run("SUCCEEDED"), trouble=lambda _: None, minutes=60, rings=21, over=1),
    "RunsSkipped": Cause(well=run("SUCCEEDED"), trouble=skipped, minutes=60, rings=21, over=21),
    "ScheduleFailed": Cause(
        well=schedule(failed=False), trouble=schedule(failed=True), minutes=1, rings=1, over=15
    ),
    "LandingOld": Cause(well=planned(), trouble=planned(oldest_minutes=31), minutes=30, rings=1, over=1),
    "LandingBacklog": Cause(well=planned(), trouble=planned(left=7), minutes=60, rings=21, over=1),
    "RowsQuarantined": Cause(
        well=reported(), trouble=reported(RowsQuarantined=3), minutes=10, rings=1, over=1
    ),
    "FilesQuarantined": Cause(
        well=reported(), trouble=reported(FilesQuarantined=1), minutes=10, rings=1, over=1
    ),
    "EmrNodesMissing": Cause(
        well=emr(CoreNodesRunning=2),
        trouble=emr(CoreNodesRunning=1),
        every=5,
        minutes=60,
        rings=11,
        over=1,
    ),
    "EmrNodesUnhealthy": Cause(
        well=emr(MRUnhealthyNodes=0),
        trouble=emr(MRUnhealthyNodes=1),
        every=5,
        minutes=30,
        rings=6,
        over=1,
    ),
    "RedshiftUnhealthy": Cause(
        well=redshift(HealthStatus=1), trouble=redshift(HealthStatus=0), every=1, minutes=30, rings=6, over=5
    ),
    "RedshiftDiskFull": Cause(
        well=redshift(PercentageDiskSpaceUsed=79),
        trouble=redshift(PercentageDiskSpaceUsed=81),
        every=1,
        minutes=30,
        rings=1,
        over=5,
    ),
    "RedshiftBusy": Cause(
        well=redshift(CPUUtilization=50),
        trouble=redshift(CPUUtilization=99),
        every=1,
        minutes=60,
        rings=30,
        over=1,
    ),
} | {
    f"Function{name.title().replace('-', '')}": Cause(
        well=function(name, failed=False), trouble=function(name, failed=True), minutes=1, rings=1, over=5
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
    "RunFailed": replace(CAUSES["RunFailed"], trouble=run("TIMED_OUT")),
    "EmrNodesMissing": replace(CAUSES["EmrNodesMissing"], trouble=lambda _: None, rings=21),
    "RedshiftUnhealthy": replace(CAUSES["RedshiftUnhealthy"], trouble=lambda _: None, rings=20, over=1),
}
"""A run that was stopped or took too long; clusters that are gone."""


def backend() -> Any:
    """Where moto keeps alarms and data points, of the endpoint that serves now."""
    return cloudwatch_backends[ACCOUNT][REGION]


def changes(name: str, cause: Cause) -> list[tuple[int, str]]:
    """The states that an alarm enters, each with its minute after midnight: well, then in trouble, then well again."""
    alarm = backend().alarms[f"goodreads-{name}"]
    found = []
    for minute in range(TROUBLE + cause.minutes + 60):
        now, before = MIDNIGHT + minute * MINUTE, alarm.state_value
        if minute % cause.every == 0:
            publish = cause.trouble if TROUBLE <= minute < TROUBLE + cause.minutes else cause.well
            publish(now)
        evaluate(alarm, now + MINUTE, data_by_metric())
        if alarm.state_value != before:
            found.append((minute + 1, alarm.state_value))
    return found


@pytest.mark.parametrize(
    ("name", "cause"), [*CAUSES.items(), *OTHER_CAUSES.items()], ids=[*CAUSES, *OTHER_CAUSES]
)
def test_an_alarm_rings_once_for_its_cause_and_says_when_it_is_over(
    pipeline: Pipeline, name: str, cause: Cause
) -> None:
    backend().metric_data.clear()
    alarm = backend().alarms[f"goodreads-{name}"]
    alarm.state_value = "INSUFFICIENT_DATA"
    mailbox = Mailbox(pipeline.folder.mail)
    before = len(mailbox.mails())

    assert changes(name, cause) == [
        (1, "OK"),
        (TROUBLE + cause.rings, "ALARM"),
        (TROUBLE + cause.minutes + cause.over, "OK"),
    ]

    mails = mailbox.mails()[before:]
    assert [mail.subject for mail in mails] == [
        f'{state}: "goodreads-{name}" in US East (N. Virginia)' for state in ("OK", "ALARM", "OK")
    ]
    rang = mails[1].text
    assert f"- Description:                {alarm.description}\n" in rang
    assert "What to do: docs/runbook.md, section " in rang
    assert "- State Change:               OK -> ALARM\n" in rang
    assert (
        f'"{MIDNIGHT + (TROUBLE + cause.rings) * MINUTE:%A %d %B, %Y %H:%M:%S} UTC"'
        in rang.partition("\n")[0]
    )


@pytest.mark.usefixtures("pipeline")
def test_every_deployed_alarm_has_a_cause() -> None:
    assert sorted(CAUSES) == sorted(name.removeprefix("goodreads-") for name in backend().alarms)


@pytest.mark.usefixtures("pipeline")
def test_what_is_measured_of_the_clusters_keeps_their_alarms_silent() -> None:
    backend().metric_data.clear()
    AlarmWatch(clusters_seen).tick(MIDNIGHT)
    AlarmWatch(clusters_seen).tick(MIDNIGHT + MINUTE)
    states = {name: backend().alarms[f"goodreads-{name}"].state_value for name in CAUSES}
    assert {name for name, state in states.items() if state != "OK"} == {"RunsLate"}  # there was no run yet
