"""Where every row of a dataset went."""

from dataclasses import asdict, dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


class UnaccountedRowsError(Exception):
    """Rows read and rows written do not add up, so some were lost or counted twice."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Rows of one dataset in one run; the names are columns of the accounting file."""

    rows_read: int = 0
    rows_staged: int = 0
    rows_stale: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0

    def require_identity(self) -> None:
        """UnaccountedRowsError unless read = staged + stale + duplicate + quarantined."""
        parts = self.rows_staged + self.rows_stale + self.rows_duplicate + self.rows_quarantined
        if self.rows_read != parts:
            raise UnaccountedRowsError(
                f"{self.rows_read} rows were read but {parts} are accounted for ({self}). Counters can be off "
                "after a lost executor: run the step again; if it fails again, rows are being lost"
            )


def accounting_rows(
    spark: SparkSession, counts: dict[str, Counts], *, run_id: str, fencing_token: int
) -> DataFrame:
    """One row per dataset: run_id, dataset, fencing_token and the counts."""
    rows = [
        F.struct(
            F.lit(run_id).alias("run_id"),
            F.lit(name).alias("dataset"),
            F.lit(fencing_token).cast("bigint").alias("fencing_token"),
            *(F.lit(value).cast("bigint").alias(key) for key, value in asdict(counted).items()),
        )
        for name, counted in counts.items()
    ]
    return spark.range(1).select(F.inline(F.array(*rows))).coalesce(1)
