"""The Spark settings the job depends on, whoever starts it. Standard library only: the CDK stacks import it."""

from collections.abc import Mapping

SPARK_CONF: dict[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",  # a bad date is NULL, not an upgrade exception
    "spark.sql.ansi.enabled": "false",  # a cast that fails is NULL, which the checks turn into a rejected row
    "spark.sql.files.ignoreCorruptFiles": "false",  # an unreadable file fails the run, it does not vanish
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.adaptive.enabled": "true",
    # This rule prunes the branch that holds the row counters when every row was rejected, and reading a
    # counter that was pruned blocks for ever.
    "spark.sql.adaptive.optimizer.excludedRules": (
        "org.apache.spark.sql.execution.adaptive.AQEPropagateEmptyRelation"
    ),
    # The JVM only interprets methods above 8,000 bytes. The cleaning of a wide row is one such method unless
    # Spark splits it, which it does above this limit.
    "spark.sql.codegen.hugeMethodLimit": "8000",
    "spark.shuffle.compress": "false",  # packed rows are compressed before they reach the JVM
    "spark.scheduler.mode": "FAIR",  # the datasets share the cores instead of queueing
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",  # COPY would list the marker
}


def require_conf(actual: Mapping[str, str | None]) -> None:
    """Raise ValueError that lists every setting of SPARK_CONF which `actual` lacks or contradicts."""
    wrong = [
        f"{key}={wanted} (it is {actual.get(key)})"
        for key, wanted in SPARK_CONF.items()
        if actual.get(key) != wanted
    ]
    if wrong:
        raise ValueError(
            f"start Spark with the settings this job depends on: --conf {' --conf '.join(wrong)}"
        )
