"""When each alarm rings: every figure of every alarm, by default and as the settings change it."""

from dataclasses import replace

import pytest

from tests.stacks.deployments import Deployment
from tests.stacks.watching import Alarm, alarms_of, widgets_of

_RUNS = "Sum of AWS/States Executions{} StateMachineArn=<StateMachine>"
_OWN = "GoodreadsPipeline/goodreads"
_SKIPPED = f"Sum of {_OWN} RunsSkipped service=plan_copies"
_EMR = "JobFlowId=/goodreads/emr-cluster-id"
_REDSHIFT = "ClusterIdentifier=goodreads"
_FUNCTIONS = (
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

ALARMS = {
    "RunFailed": Alarm(
        "FILL(failed, 0) + FILL(timed_out, 0) + FILL(aborted, 0) > 0",
        {
            "failed": _RUNS.format("Failed"),
            "timed_out": _RUNS.format("TimedOut"),
            "aborted": _RUNS.format("Aborted"),
        },
    ),
    "RunsLate": Alarm(
        "FILL(succeeded, 0) - FILL(skipped, 0) < 1",
        {"succeeded": _RUNS.format("Succeeded"), "skipped": _SKIPPED},
        silence="breaching",
        minutes=30,
    ),
    "RunsSkipped": Alarm("value > 0", {"value": _SKIPPED}, minutes=10, periods=3),
    "ScheduleFailed": Alarm("value > 0", {"value": "Sum of AWS/Events FailedInvocations RuleName=goodreads"}),
    "LandingOld": Alarm(
        "value > 1800", {"value": f"Maximum of {_OWN} OldestFileSeconds service=plan_copies"}
    ),
    "LandingBacklog": Alarm(
        "value > 0",
        {"value": f"Maximum of {_OWN} FilesLeftForLater service=plan_copies"},
        minutes=10,
        periods=3,
    ),
    "RowsQuarantined": Alarm("value > 0", {"value": f"Sum of {_OWN} RowsQuarantined service=report_run"}),
    "FilesQuarantined": Alarm("value > 0", {"value": f"Sum of {_OWN} FilesQuarantined service=report_run"}),
    "EmrNodesMissing": Alarm(
        "value < 2",
        {"value": f"Minimum of AWS/ElasticMapReduce CoreNodesRunning {_EMR}"},
        silence="breaching",
        periods=3,
    ),
    "EmrNodesUnhealthy": Alarm(
        "value > 0", {"value": f"Maximum of AWS/ElasticMapReduce MRUnhealthyNodes {_EMR}"}, periods=2
    ),
    "RedshiftUnhealthy": Alarm(
        "value < 1",  # HealthStatus is 1 or 0
        {"value": f"Minimum of AWS/Redshift HealthStatus {_REDSHIFT}"},
        silence="breaching",
        periods=2,
    ),
    "RedshiftDiskFull": Alarm(
        "value > 80", {"value": f"Maximum of AWS/Redshift PercentageDiskSpaceUsed {_REDSHIFT}"}
    ),
    "RedshiftBusy": Alarm(
        "value > 90", {"value": f"Average of AWS/Redshift CPUUtilization {_REDSHIFT}"}, periods=6
    ),
} | {
    f"Function{name.title().replace('-', '')}": Alarm(
        "FILL(errors, 0) + FILL(throttles, 0) > 0",
        {
            "errors": f"Sum of AWS/Lambda Errors FunctionName=goodreads-{name}",
            "throttles": f"Sum of AWS/Lambda Throttles FunctionName=goodreads-{name}",
        },
    )
    for name in _FUNCTIONS
}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_rings_when_the_table_says(deployment: Deployment, name: str) -> None:
    assert alarms_of(deployment)[name] == ALARMS[name]


def test_no_alarm_is_missing_from_the_table(deployment: Deployment) -> None:
    assert set(alarms_of(deployment)) == set(ALARMS)


@pytest.mark.slow
def test_settings_change_what_depends_on_them_and_nothing_else(changed: Deployment) -> None:
    expected = {
        **ALARMS,
        "EmrNodesMissing": replace(ALARMS["EmrNodesMissing"], rings="value < 5"),
        "RunsSkipped": replace(ALARMS["RunsSkipped"], minutes=20),
        "LandingBacklog": replace(ALARMS["LandingBacklog"], minutes=20),
    }
    del expected["RunsLate"], expected["LandingOld"]  # the schedule is off
    for name, alarm in expected.items():
        metrics = {metric: text.replace("goodreads", changed.name) for metric, text in alarm.metrics.items()}
        assert alarms_of(changed)[name] == replace(alarm, metrics=metrics), name
    assert set(alarms_of(changed)) == set(expected)


@pytest.mark.slow
def test_a_run_is_late_after_the_minutes_of_the_settings(tuned: Deployment) -> None:
    found = alarms_of(tuned)
    assert found["RunsLate"] == replace(ALARMS["RunsLate"], minutes=60, periods=84)  # 5,000 minutes, in hours
    assert found["RunsSkipped"] == replace(
        ALARMS["RunsSkipped"], minutes=1440
    )  # no period is longer than a day


def test_a_schedule_that_fails_rings_whatever_kind_it_is(tuned: Deployment) -> None:
    errors = "Sum of AWS/Scheduler TargetErrorCount ScheduleGroup=goodreads"
    assert alarms_of(tuned)["ScheduleFailed"] == replace(ALARMS["ScheduleFailed"], metrics={"value": errors})


def test_every_alarm_is_on_the_dashboard(deployment: Deployment, changed: Deployment) -> None:
    for each in (deployment, changed):
        assert sorted(widgets_of(each)["Alarms"]) == sorted(f"{each.name}-{name}" for name in alarms_of(each))


def test_the_dashboard_shows_runs_rows_and_clusters(deployment: Deployment) -> None:
    shown = widgets_of(deployment)
    del shown["Alarms"]
    reported = f"Sum of {_OWN} {{}} service=report_run"
    planned = f"Maximum of {_OWN} {{}} service=plan_copies"
    duration = "AWS/States ExecutionTime StateMachineArn=<StateMachine>"
    assert shown == {
        "Runs": [
            _RUNS.format("Succeeded"),
            _SKIPPED,
            "FILL(failed, 0) + FILL(timed_out, 0) + FILL(aborted, 0)",
            _RUNS.format("Failed"),
            _RUNS.format("TimedOut"),
            _RUNS.format("Aborted"),
        ],
        "Duration of a run": [
            f"p50 of {duration}",
            f"Maximum of {duration}",
            "next run is due: 600000",  # milliseconds
        ],
        "Rows read, by what became of them": [
            reported.format(f"Rows{what}")
            for what in ("Inserted", "Updated", "Stale", "Duplicate", "Quarantined")
        ],
        "Files": [
            planned.format("FilesLeftForLater"),
            *(reported.format(f"Files{what}") for what in ("Quarantined", "PublishedBefore")),
        ],
        "Waiting in landing": [
            planned.format("OldestFileSeconds"),
            planned.format("BytesLeftForLater"),
        ],
        "EMR": [
            f"Average of AWS/ElasticMapReduce YARNMemoryAvailablePercentage {_EMR}",
            f"Minimum of AWS/ElasticMapReduce CoreNodesRunning {_EMR}",
            f"Maximum of AWS/ElasticMapReduce MRUnhealthyNodes {_EMR}",
        ],
        "Redshift": [
            f"Average of AWS/Redshift CPUUtilization {_REDSHIFT}",
            f"Average of AWS/Redshift PercentageDiskSpaceUsed {_REDSHIFT}",
        ],
        "Function errors": [f"Sum of AWS/Lambda Errors FunctionName=goodreads-{name}" for name in _FUNCTIONS],
    }


def test_the_next_run_is_due_when_the_schedule_says(tuned: Deployment) -> None:
    assert widgets_of(tuned)["Duration of a run"][-1] == "next run is due: 86400000"
