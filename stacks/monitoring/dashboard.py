"""The dashboard: does the pipeline run, is it late, what did it do, what does it lack."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from contract.ledger import ROWS, metric_name
from stacks.compute.stack import ComputeStack
from stacks.monitoring import metrics
from stacks.monitoring.metrics import Pipeline
from stacks.settings.settings import Settings
from stacks.warehouse import WarehouseStack

_QUARTER, _THIRD, _HALF, _FULL = 6, 8, 12, 24


class Dashboard(Construct):
    """Four rows, in the order in which a person asks."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        pipeline: Pipeline,
        warehouse: WarehouseStack,
        compute: ComputeStack,
        alarm_names: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        dashboard = cloudwatch.Dashboard(self, "Page", dashboard_name=settings.name)
        dashboard.add_widgets(
            cloudwatch.AlarmStatusWidget(
                title="Alarms",
                alarms=[cloudwatch.Alarm.from_alarm_name(self, name, name) for name in alarm_names],
                width=_FULL,
                height=4,
            )
        )
        dashboard.add_widgets(*_runs(settings, pipeline))
        dashboard.add_widgets(*_data(pipeline))
        dashboard.add_widgets(
            *_capacity(pipeline, compute.cluster_id_for(Stack.of(self)), warehouse.cluster_identifier),
        )


def _runs(settings: Settings, pipeline: Pipeline) -> list[cloudwatch.IWidget]:
    machine, total = pipeline.state_machine, cloudwatch.Stats.SUM
    return [
        cloudwatch.GraphWidget(
            title="Runs",
            left=[
                machine.metric_succeeded(statistic=total, label="succeeded"),
                metrics.skipped_runs(pipeline),
                metrics.bad_endings(machine),
            ],
            width=_HALF,
        ),
        cloudwatch.GraphWidget(
            title="Duration of a run",
            left=[
                machine.metric_time(statistic=cloudwatch.Stats.p(50), label="median"),
                machine.metric_time(statistic=cloudwatch.Stats.MAXIMUM, label="longest"),
            ],
            left_annotations=[
                cloudwatch.HorizontalAnnotation(
                    value=settings.starts.apart.shortest.total_seconds() * 1000, label="next run is due"
                )
            ],
            width=_HALF,
        ),
    ]


def _data(pipeline: Pipeline) -> list[cloudwatch.IWidget]:
    def counts(*names: str) -> list[cloudwatch.IMetric]:
        return [metrics.of_report(pipeline, name) for name in names]

    return [
        cloudwatch.GraphWidget(
            title="Rows read, by what became of them",
            left=counts(*map(metric_name, ROWS[1:])),
            stacked=True,
            width=_HALF,
        ),
        cloudwatch.GraphWidget(
            title="Files",
            left=[
                metrics.of_plan(pipeline, "FilesLeftForLater"),
                *counts("FilesQuarantined", "FilesPublishedBefore"),
            ],
            width=_QUARTER,
        ),
        cloudwatch.GraphWidget(
            title="Waiting in landing",
            left=[metrics.of_plan(pipeline, "OldestFileSeconds")],
            right=[metrics.of_plan(pipeline, "BytesLeftForLater")],
            width=_QUARTER,
        ),
    ]


def _capacity(
    pipeline: Pipeline, emr_cluster_id: str, redshift_cluster_identifier: str
) -> list[cloudwatch.IWidget]:
    average = cloudwatch.Stats.AVERAGE
    percent = cloudwatch.YAxisProps(min=0, max=100, label="%", show_units=False)
    return [
        cloudwatch.GraphWidget(
            title="EMR",
            left=[metrics.of_emr(emr_cluster_id, "YARNMemoryAvailablePercentage", average)],
            right=[
                metrics.of_emr(emr_cluster_id, "CoreNodesRunning", cloudwatch.Stats.MINIMUM),
                metrics.of_emr(emr_cluster_id, "MRUnhealthyNodes", cloudwatch.Stats.MAXIMUM),
            ],
            left_y_axis=percent,
            width=_THIRD,
        ),
        cloudwatch.GraphWidget(
            title="Redshift",
            left=[
                metrics.of_redshift(redshift_cluster_identifier, name, average)
                for name in ("CPUUtilization", "PercentageDiskSpaceUsed")
            ],
            left_y_axis=percent,
            width=_THIRD,
        ),
        cloudwatch.GraphWidget(
            title="Function errors",
            left=[
                metrics.of_function(function, "Errors", label=name)
                for name, function in pipeline.function_names.items()
            ],
            width=_THIRD,
        ),
    ]
