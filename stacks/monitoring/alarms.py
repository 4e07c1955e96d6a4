"""Every alarm: what is watched, from which figure on, and what a person should look at when it rings."""

from math import ceil

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from stacks.monitoring import metrics
from stacks.monitoring.metrics import Pipeline
from stacks.settings.settings import Settings

_MORE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_LESS = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_IN_A_ROW = 3
_DAY = 1440  # minutes
_TRIED_AGAIN = "The run has tried again since: if that did not help, a mail about a failed run follows."
_NO_REPORT = (
    "A run that writes its own report goes on without one. For a run that timed out or was stopped Lambda tries twice more: if "
    "that fails as well, the run has no report either. `pipeline report` makes a report that is missing."
)


class Alarms:
    """Adds alarms to a stack; all go to the pipeline's alerts topic. `names` are those added so far."""

    def __init__(self, scope: Construct, *, settings: Settings, pipeline: Pipeline) -> None:
        self.names: list[str] = []
        self._scope = scope
        self._settings = settings
        self._pipeline = pipeline

    def watch_runs(self) -> None:
        """Runs that fail, are late, are skipped or not started, and functions that fail."""
        settings, pipeline = self._settings, self._pipeline
        self._alarm(
            "RunFailed",
            metrics.bad_endings(pipeline.state_machine),
            "A run has failed, took too long or was stopped. A run that failed has sent a mail of its own with the cause. Files "
            "that were not published are still in the landing zone, and the next run takes them.",
        )
        if settings.schedule_enabled and settings.late_after:
            # one period has a day at most, and several periods are hours
            period, periods = settings.late_after, 1
            if period > _DAY:
                period, periods = 60, ceil(period / 60)
            self._alarm(
                "RunsLate",
                metrics.finished_runs(pipeline, Duration.minutes(period)),
                f"No run has finished for {settings.late_after} minutes. Either a run hangs, or run after run fails, or none "
                "starts: `pipeline status --aws` shows which.",
                threshold=1,
                comparison=_LESS,
                periods=periods,
                missing=cloudwatch.TreatMissingData.BREACHING,
            )
        self._alarm(
            "RunsSkipped",
            metrics.skipped_runs(pipeline).with_(period=self._between_runs),
            f"{_IN_A_ROW} scheduled runs in a row were skipped, as another run was still at work: runs take longer than the "
            "schedule allows, or a command that was killed holds the lease.",
            periods=_IN_A_ROW,
        )
        self._alarm(
            "ScheduleFailed",
            pipeline.schedule.failures,
            "The schedule could not start a run. Check the role and the target of the rule, or of the schedule.",
        )
        for name, function in pipeline.function_names.items():
            self._alarm(
                f"Function{name.title().replace('_', '')}",
                metrics.function_trouble(function),
                f"The function {name} has failed or was throttled. Its log has the error. "
                + (_NO_REPORT if name == "write_report" else _TRIED_AGAIN),
                section="Functions",
            )

    def watch_landing(self) -> None:
        """Files that wait too long, and more files than runs can take."""
        settings = self._settings
        if settings.schedule_enabled and settings.late_after:
            self._alarm(
                "LandingOld",
                metrics.of_plan(self._pipeline, "OldestFileSeconds"),
                f"A file has waited in the landing zone for more than {settings.late_after} minutes when a run began. Either "
                "runs fail, or more files land than runs take.",
                threshold=60 * settings.late_after,
            )
        self._alarm(
            "LandingBacklog",
            metrics.of_plan(self._pipeline, "FilesLeftForLater").with_(period=self._between_runs),
            f"{_IN_A_ROW} runs in a row had to leave files in the landing zone: more lands than runs take. Nothing is lost, but "
            "the warehouse falls behind.",
            periods=_IN_A_ROW,
        )

    def watch_data(self) -> None:
        """Rows and files that were rejected."""
        for unit in ("Rows", "Files"):
            self._alarm(
                f"{unit}Quarantined",
                metrics.of_report(self._pipeline, f"{unit}Quarantined"),
                f"A run has rejected {unit.lower()}; the rest is published. The quarantine zone has them with the reason, and "
                "`pipeline replay` lands them again after a fix.",
            )

    def watch_emr(self, cluster_id: str) -> None:
        """Nodes of the EMR cluster, and their disks."""
        self._alarm(
            "EmrNodesMissing",
            metrics.of_emr(cluster_id, "CoreNodesRunning", cloudwatch.Stats.MINIMUM),
            f"The EMR cluster has fewer than its {self._settings.emr_core_count} core nodes, or is gone. Runs are slow or fail; "
            "the landing zone keeps the files.",
            threshold=self._settings.emr_core_count,
            comparison=_LESS,
            periods=3,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self._alarm(
            "EmrNodesUnhealthy",
            metrics.of_emr(cluster_id, "MRUnhealthyNodes", cloudwatch.Stats.MAXIMUM),
            "YARN gives no more work to an EMR node, most likely because the disk where the Spark job writes is more than 90 % "
            "full. Raise emr_ebs_gib, or lower batch_max_bytes.",
            periods=2,
        )

    def watch_redshift(self, cluster_identifier: str) -> None:
        """Health, storage and load of Redshift."""
        self._alarm(
            "RedshiftUnhealthy",
            metrics.of_redshift(cluster_identifier, "HealthStatus", cloudwatch.Stats.MINIMUM),
            "Redshift is unhealthy, paused or gone. Runs fail until it is back; the landing zone keeps the files.",
            threshold=1,
            comparison=_LESS,
            periods=2,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self._alarm(
            "RedshiftDiskFull",
            metrics.of_redshift(cluster_identifier, "PercentageDiskSpaceUsed", cloudwatch.Stats.MAXIMUM),
            "More than 80 % of Redshift's storage is used. When it is full, no run can publish. Raise redshift_node_count.",
            threshold=80,
        )
        self._alarm(
            "RedshiftBusy",
            metrics.of_redshift(cluster_identifier, "CPUUtilization", cloudwatch.Stats.AVERAGE),
            "Redshift has used more than 90 % of its processors for half an hour. Look for a long query, or raise "
            "redshift_node_count.",
            threshold=90,
            periods=6,
        )

    @property
    def _between_runs(self) -> Duration:
        """The longest time from one scheduled run to the next; a period has a day at most."""
        return Duration.minutes(min(self._settings.most_minutes_apart, _DAY))

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        section: str = "",
        threshold: float = 0,
        comparison: cloudwatch.ComparisonOperator = _MORE,
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        """`description` says what has happened and what follows; `section` is the runbook's, by default the alarm's name."""
        name = f"{self._settings.name}-{construct_id}"
        alarm = cloudwatch.Alarm(
            self._scope,
            construct_id,
            alarm_name=name,  # the subject of the mail
            metric=metric,
            alarm_description=f"{description} What to do: docs/runbook.md, section {section or construct_id}.",
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=periods,
            treat_missing_data=missing,
        )
        told = actions.SnsAction(self._pipeline.alerts)
        alarm.add_alarm_action(told)
        alarm.add_ok_action(told)
        self.names.append(name)
