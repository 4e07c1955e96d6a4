"""Amazon CloudWatch on one machine: metrics that arrive, and alarms that ring."""

from local_cloud.cloudwatch.hook import install
from local_cloud.cloudwatch.metrics import (
    PrintedMetrics,
    clusters_seen,
    execution_ended,
    function_invoked,
    put,
    target_called,
)
from local_cloud.cloudwatch.watching import AlarmWatch, data_by_metric, evaluate

__all__ = [
    "AlarmWatch",
    "PrintedMetrics",
    "clusters_seen",
    "data_by_metric",
    "evaluate",
    "execution_ended",
    "function_invoked",
    "install",
    "put",
    "target_called",
]
