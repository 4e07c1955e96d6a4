"""Amazon EMR on one machine: each step is a spark-submit with local Spark, or on a cluster of processes."""

from local_cloud.emr.cluster import SparkCluster
from local_cloud.emr.hook import install
from local_cloud.emr.steps import StepRunner

__all__ = ["SparkCluster", "StepRunner", "install"]
