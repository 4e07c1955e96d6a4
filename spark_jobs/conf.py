"""The Spark settings the job depends on, whoever starts it. Standard library only: the CDK stacks import it."""

from collections.abc import Mapping

SPARK_CONF: dict[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",  # a bad date is NULL, not an upgrade exception
    "spark.sql.ansi.enabled": "false",  # a cast that fails is NULL, which the checks turn into a rejected row
    "spark.sql.files.ignoreCorruptFiles": "false",  # an unreadable file fails the run, it does not vanish
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.adaptive.enabled": "true",
    # If every row was rejected, this rule prunes the branch with the row counters, and reading a pruned
    # counter blocks for ever.
    "spark.sql.adaptive.optimizer.excludedRules": (
        "org.apache.spark.sql.execution.adaptive.AQEPropagateEmptyRelation"
    ),
    # The JVM only interprets methods above 8,000 bytes. Above this limit Spark splits a method; otherwise the
    # cleaning of a wide row would be one such method.
    "spark.sql.codegen.hugeMethodLimit": "8000",
    "spark.shuffle.compress": "false",  # packed rows are compressed before they reach the JVM
    "spark.scheduler.mode": "FAIR",  # the datasets share the cores instead of queueing
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",  # COPY would list the marker
}


def require_conf(actual: Mapping[str, str | None]) -> None:
    """ValueError that lists every setting of SPARK_CONF that `actual` lacks or contradicts."""
    wrong = [
        f"{key}={wanted} (it is {actual.get(key)})"
        for key, wanted in SPARK_CONF.items()
        if actual.get(key) != wanted
    ]
    if wrong:
        raise ValueError(
            f"start Spark with the settings this job depends on: --conf {' --conf '.join(wrong)}"
        )
