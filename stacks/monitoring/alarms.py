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
_SKIPS_IN_A_ROW = 3
_DAY = 1440  # minutes


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
            "A run failed, timed out or was aborted. Open the execution: its cause says what to do. Landing keeps every "
            "file that was not published.",
        )
        if settings.schedule_enabled and settings.late_after:
            # one period has a day at most, and several periods are hours
            period, periods = settings.late_after, 1
            if period > _DAY:
                period, periods = 60, ceil(period / 60)
            self._alarm(
                "RunsLate",
                metrics.finished_runs(pipeline, Duration.minutes(period)),
                f"No run finished for {settings.late_after} minutes. Look for a run that hangs, or for runs "
                "that fail one after the other.",
                threshold=1,
                comparison=_LESS,
                periods=periods,
                missing=cloudwatch.TreatMissingData.BREACHING,
            )
        self._alarm(
            "RunsSkipped",
            metrics.skipped_runs(pipeline).with_(
                period=Duration.minutes(min(settings.most_minutes_apart, _DAY))
            ),
            f"{_SKIPS_IN_A_ROW} scheduled runs in a row found the lease taken: runs take longer than the schedule allows.",
            periods=_SKIPS_IN_A_ROW,
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
                f"{name} failed or was throttled. Its log group has the error; the run retries or has failed by now.",
            )

    def watch_data(self) -> None:
        """Rows and files that were rejected."""
        for unit in ("Rows", "Files"):
            self._alarm(
                f"{unit}Quarantined",
                metrics.of_report(self._pipeline, f"{unit}Quarantined"),
                f"{unit} were rejected. The quarantine zone has them with the reason, ready to be replayed after a fix.",
            )

    def watch_emr(self, cluster_id: str) -> None:
        """Nodes of the EMR cluster, and their disks."""
        self._alarm(
            "EmrNodesMissing",
            metrics.of_emr(cluster_id, "CoreNodesRunning", cloudwatch.Stats.MINIMUM),
            "EMR has fewer core nodes than were deployed, or the cluster is gone. Steps run slower or not at all.",
            threshold=self._settings.emr_core_count,
            comparison=_LESS,
            periods=3,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self._alarm(
            "EmrNodesUnhealthy",
            metrics.of_emr(cluster_id, "MRUnhealthyNodes", cloudwatch.Stats.MAXIMUM),
            "YARN gives no work to an EMR node, mostly because the node's disk is full.",
            periods=2,
        )
        self._alarm(
            "EmrDiskFull",
            metrics.of_emr(cluster_id, "HDFSUtilization", cloudwatch.Stats.AVERAGE),
            "HDFS is more than 80 % full. Raise emr_ebs_gib or emr_core_count.",
            threshold=80,
        )

    def watch_redshift(self, cluster_identifier: str) -> None:
        """Health, storage and load of Redshift."""
        self._alarm(
            "RedshiftUnhealthy",
            metrics.of_redshift(cluster_identifier, "HealthStatus", cloudwatch.Stats.MINIMUM),
            "Redshift is unhealthy, paused or gone. Runs fail until it is back; landing keeps the files.",
            threshold=1,
            comparison=_LESS,
            periods=2,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self._alarm(
            "RedshiftDiskFull",
            metrics.of_redshift(cluster_identifier, "PercentageDiskSpaceUsed", cloudwatch.Stats.MAXIMUM),
            "Redshift storage is more than 80 % used. Raise redshift_node_count.",
            threshold=80,
        )
        self._alarm(
            "RedshiftBusy",
            metrics.of_redshift(cluster_identifier, "CPUUtilization", cloudwatch.Stats.AVERAGE),
            "Redshift has been above 90 % CPU for half an hour. Look for a long query, or raise redshift_node_count.",
            threshold=90,
            periods=6,
        )

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        threshold: float = 0,
        comparison: cloudwatch.ComparisonOperator = _MORE,
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        name = f"{self._settings.name}-{construct_id}"
        alarm = cloudwatch.Alarm(
            self._scope,
            construct_id,
            alarm_name=name,  # the subject of the mail
            metric=metric,
            alarm_description=description,
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self._pipeline.alerts))
        self.names.append(name)
