"""Which Spark an EMR release brings: the job is tested with one version, so it must be deployed with that one."""

SPARK_VERSION = "3.5.6"
"""The version of `pyspark` in requirements.txt, without which a test fails."""

# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/Spark-release-history.html
SPARK_OF_RELEASE = {
    "emr-7.8.0": "3.5.4",
    "emr-7.9.0": "3.5.5",
    "emr-7.10.0": "3.5.5",
    "emr-7.11.0": "3.5.6",
    "emr-7.12.0": "3.5.6",
    "emr-7.13.0": "3.5.6",
}


def releases_with(spark_version: str) -> tuple[str, ...]:
    """The known releases that bring exactly that Spark, oldest first."""
    return tuple(release for release, spark in SPARK_OF_RELEASE.items() if spark == spark_version)
