"""The metrics that alarms and dashboard look at, each named once."""

from collections.abc import Mapping
from typing import Protocol

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn

from stacks.schedule import RunSchedule

FIVE_MINUTES = Duration.minutes(5)


class Pipeline(Protocol):
    """The names and resources of the pipeline stack that monitoring needs."""

    @property
    def state_machine(self) -> sfn.StateMachine: ...
    @property
    def alerts(self) -> sns.Topic: ...
    @property
    def function_names(self) -> Mapping[str, str]: ...
    @property
    def schedule(self) -> RunSchedule: ...
    @property
    def metrics_namespace(self) -> str: ...


def of_redshift(cluster_identifier: str, name: str, statistic: str) -> cloudwatch.Metric:
    """A metric of the whole Redshift cluster."""
    return cloudwatch.Metric(
        namespace="AWS/Redshift",
        metric_name=name,
        dimensions_map={"ClusterIdentifier": cluster_identifier},
        statistic=statistic,
        period=FIVE_MINUTES,
    )


def of_emr(cluster_id: str, name: str, statistic: str) -> cloudwatch.Metric:
    """A metric of the EMR cluster; EMR reports every five minutes."""
    return cloudwatch.Metric(
        namespace="AWS/ElasticMapReduce",
        metric_name=name,
        dimensions_map={"JobFlowId": cluster_id},
        statistic=statistic,
        period=FIVE_MINUTES,
    )


def skipped_runs(pipeline: Pipeline) -> cloudwatch.Metric:
    """Executions that found the lease taken; the state machine counts them, and PlanCopies publishes 0 for each that did not.

    So the metric exists from the first run on: what FILL makes of a metric that nobody has ever published is not documented.
    """
    return cloudwatch.Metric(
        namespace=pipeline.metrics_namespace,
        metric_name="RunsSkipped",
        dimensions_map={"service": "plan_copies"},
        statistic=cloudwatch.Stats.SUM,
        period=FIVE_MINUTES,
    )


def of_plan(pipeline: Pipeline, name: str) -> cloudwatch.Metric:
    """What PlanCopies finds in landing when a run starts: OldestFileSeconds, FilesLeftForLater, BytesLeftForLater."""
    return cloudwatch.Metric(
        namespace=pipeline.metrics_namespace,
        metric_name=name,
        dimensions_map={"service": "plan_copies"},
        statistic=cloudwatch.Stats.MAXIMUM,
        period=FIVE_MINUTES,
    )


def of_report(pipeline: Pipeline, name: str) -> cloudwatch.Metric:
    """A count that ReportRun publishes of each run: RowsInserted, RowsQuarantined, FilesQuarantined, ..."""
    return cloudwatch.Metric(
        namespace=pipeline.metrics_namespace,
        metric_name=name,
        dimensions_map={"service": "report_run"},
        statistic=cloudwatch.Stats.SUM,
        period=FIVE_MINUTES,
    )


def bad_endings(machine: sfn.StateMachine) -> cloudwatch.MathExpression:
    """Executions that failed, timed out or were aborted, in five minutes."""
    return cloudwatch.MathExpression(
        expression="FILL(failed, 0) + FILL(timed_out, 0) + FILL(aborted, 0)",
        using_metrics={
            "failed": machine.metric_failed(statistic=cloudwatch.Stats.SUM),
            "timed_out": machine.metric_timed_out(statistic=cloudwatch.Stats.SUM),
            "aborted": machine.metric_aborted(statistic=cloudwatch.Stats.SUM),
        },
        label="failed, timed out or aborted",
        period=FIVE_MINUTES,
    )


def finished_runs(pipeline: Pipeline, window: Duration) -> cloudwatch.MathExpression:
    """Executions that held the lease to the end; a skipped execution succeeds as well, but did nothing.

    Silence is filled with 0: of missing data an alarm looks back on more periods than it evaluates, and would ring hours late.
    """
    return cloudwatch.MathExpression(
        expression="FILL(succeeded, 0) - FILL(skipped, 0)",
        using_metrics={
            "succeeded": pipeline.state_machine.metric_succeeded(statistic=cloudwatch.Stats.SUM),
            "skipped": skipped_runs(pipeline),
        },
        label="finished runs",
        period=window,
    )


def of_function(name: str, metric: str, label: str | None = None) -> cloudwatch.Metric:
    """A metric of a function. Its name is no export, which could not go together with the function."""
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=metric,
        dimensions_map={"FunctionName": name},
        statistic=cloudwatch.Stats.SUM,
        label=label,
    )


def function_trouble(name: str) -> cloudwatch.MathExpression:
    """Invocations that failed or were throttled, in five minutes."""
    return cloudwatch.MathExpression(
        expression="FILL(errors, 0) + FILL(throttles, 0)",
        using_metrics={
            "errors": of_function(name, "Errors"),
            "throttles": of_function(name, "Throttles"),
        },
        label="errors and throttles",
        period=FIVE_MINUTES,
    )
