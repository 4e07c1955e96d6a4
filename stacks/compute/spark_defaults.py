"""How Spark divides the nodes of the cluster."""

from aws_cdk import aws_emr as emr

from spark_jobs.conf import SPARK_CONF

# An executor runs four tasks at a time. They work in Python, with Arrow and DuckDB, so their memory is outside of the
# JVM's heap: up to 900 MB each. YARN kills an executor that exceeds heap and overhead together. EMR's
# maximizeResourceAllocation would set only 0.1875 of the heap aside, and what it makes of another share is not documented:
# if the heap stayed, no executor would fit. Hence sizes. 11 GiB is what EMR itself gives to the one executor of an
# m5.xlarge (9486 MB and 0.1875 of that); with the 896 MB of the application master it fits into YARN's 12,288 MB there, see
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html. A bigger node has room for several.
_EXECUTOR = {
    "spark.executor.cores": "4",
    "spark.executor.memory": "5g",
    "spark.executor.memoryOverhead": "6g",  # not pyspark.memory, which limits addresses: Arrow reserves more than it uses
    "spark.yarn.heterogeneousExecutors.enabled": "false",  # EMR would resize executors to nodes, by its own shares
}


def configurations(
    *, python: str, region: str, core_nodes: int
) -> list[emr.CfnCluster.ConfigurationProperty]:
    """The cluster's Spark settings: one step at a time has an executor on each core node, from the first second."""
    defaults = {
        **SPARK_CONF,
        **_EXECUTOR,
        "spark.driver.memory": "4g",  # on the primary node, beside EMR's own services
        "spark.dynamicAllocation.enabled": "true",  # more executors where nodes have room for them
        "spark.dynamicAllocation.minExecutors": str(core_nodes),
        "spark.pyspark.python": python,
        # Arrow asks S3 in this region where a bucket is; without it, in us-east-1, to which the subnet may have no route
        "spark.executorEnv.AWS_REGION": region,
    }
    return [
        emr.CfnCluster.ConfigurationProperty(
            classification="spark-defaults", configuration_properties=defaults
        ),
        emr.CfnCluster.ConfigurationProperty(
            classification="spark-env",  # of the driver
            configurations=[
                emr.CfnCluster.ConfigurationProperty(
                    classification="export", configuration_properties={"AWS_REGION": region}
                )
            ],
        ),
    ]
