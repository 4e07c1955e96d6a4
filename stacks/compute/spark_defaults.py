"""How Spark divides the nodes of the cluster."""

from aws_cdk import aws_emr as emr

from spark_jobs.conf import SPARK_CONF

# An executor runs four tasks at a time. The tasks work in Python, with Arrow and DuckDB, so their memory is outside of
# the JVM's heap: up to 900 MB each. YARN kills an executor that exceeds heap and overhead together. EMR's
# maximizeResourceAllocation would set aside only 0.1875 of the heap, and AWS does not document what it does with another
# share. Therefore the sizes are fixed here. EMR itself gives 11 GiB to the one executor of an m5.xlarge (9486 MB and
# 0.1875 of that); together with the 896 MB of the application master they fit into YARN's 12,288 MB there, see
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html. A bigger node has room for several.
_EXECUTOR = {
    "spark.executor.cores": "4",
    "spark.executor.memory": "5g",
    "spark.executor.memoryOverhead": "6g",  # not pyspark.memory: it limits addresses, and Arrow reserves more than it uses
    "spark.yarn.heterogeneousExecutors.enabled": "false",  # EMR would resize executors to the nodes, with its own shares
}

# Executors, driver and YARN's shuffle service prove to each other that they belong to the same application, by a secret that
# YARN makes for each one, and encrypt what they exchange. The shuffle service reads these settings from YARN's configuration.
# https://spark.apache.org/docs/3.5.6/security.html#spark-rpc-communication-protocol-between-spark-processes
_BETWEEN_NODES = {"spark.authenticate": "true", "spark.network.crypto.enabled": "true"}


def configurations(
    *, python: str, region: str, core_nodes: int
) -> list[emr.CfnCluster.ConfigurationProperty]:
    """The cluster's Hadoop and Spark settings: one step at a time has an executor on each core node, from the first second."""
    defaults = {
        **SPARK_CONF,
        **_EXECUTOR,
        "spark.driver.memory": "4g",  # on the primary node, beside EMR's own services
        "spark.dynamicAllocation.enabled": "true",  # more executors if the nodes have room
        "spark.dynamicAllocation.minExecutors": str(core_nodes),
        "spark.pyspark.python": python,
        # Arrow asks S3 in this region for a bucket's region; its default is us-east-1, and the subnet may have no route there
        "spark.executorEnv.AWS_REGION": region,
        **_BETWEEN_NODES,
    }
    return [
        emr.CfnCluster.ConfigurationProperty(
            classification="spark-defaults", configuration_properties=defaults
        ),
        emr.CfnCluster.ConfigurationProperty(
            classification="yarn-site", configuration_properties=_BETWEEN_NODES
        ),
        # S3A asks for a bucket in us-east-2 first, if it is not told the region (HADOOP-18908), and the subnet has no route there.
        # EMR reads and writes s3:// with S3A since 7.10.
        emr.CfnCluster.ConfigurationProperty(
            classification="core-site", configuration_properties={"fs.s3a.endpoint.region": region}
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
