"""Amazon EMR on one machine: each step is a spark-submit with local Spark."""

from local_cloud.emr.hook import install
from local_cloud.emr.steps import StepRunner

__all__ = ["StepRunner", "install"]
