"""Where every row of a dataset went."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StructType

from contract.ledger import ACCOUNTING, Counts
from spark_jobs.schema import struct_of


class UnaccountedRowsError(Exception):
    """Rows read and rows written do not add up, so some were lost or counted twice."""


def require_identity(counts: Counts) -> None:
    """UnaccountedRowsError unless what became of the rows adds up to those that were read."""
    if counts.rows_read != counts.accounted_for:
        raise UnaccountedRowsError(
            f"{counts.rows_read} rows were read but {counts.accounted_for} are accounted for ({counts}). Counters can "
            "be off after a lost executor: run the step again; if it fails again, rows are being lost"
        )


def accounting_rows(
    spark: SparkSession, counts: Mapping[str, Counts], *, run_id: str, fencing_token: int
) -> DataFrame:
    """One row per dataset, with the columns of ACCOUNTING."""
    entries = [
        {"run_id": run_id, "dataset": name, "fencing_token": fencing_token, **asdict(counted)}
        for name, counted in counts.items()
    ]
    return small_frame(spark, entries, struct_of(ACCOUNTING.columns))


def small_frame(
    spark: SparkSession, entries: Sequence[Mapping[str, str | int | None]], schema: StructType
) -> DataFrame:
    """A row for each entry, in one file when it is written."""
    # as one text: a frame of Python objects starts a Python worker
    document = F.from_json(F.lit(json.dumps(entries)), ArrayType(schema))
    return spark.range(1).select(F.inline(document)).coalesce(1)
