"""The Spark version of each EMR release: the job is tested with one version, so it must be deployed with that version."""

SPARK_VERSION = "3.5.6"
"""The version of `pyspark` in requirements.txt; a test compares the two."""

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
    """The known releases with exactly that Spark version, oldest first."""
    return tuple(release for release, spark in SPARK_OF_RELEASE.items() if spark == spark_version)
