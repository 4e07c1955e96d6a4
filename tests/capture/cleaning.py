"""What the pipeline says to the rows of a tool."""

from datetime import datetime
from functools import cache

import pyarrow as pa

from catalog import Dataset
from spark_jobs.csv_reader import BROKEN
from spark_jobs.rules.in_duckdb import Cleaner, numbered


def refused(dataset: Dataset, rows: pa.Table, started: datetime) -> list[int]:
    """The numbers of the rows that the Spark job would put in quarantine, in a run that starts then."""
    if not rows.num_rows:
        return []
    raw = numbered(rows.append_column(BROKEN, pa.repeat(pa.scalar(value=False), rows.num_rows)), 1)
    return _cleaner(dataset, started).indexes_of_bad(raw)


@cache
def _cleaner(dataset: Dataset, started: datetime) -> Cleaner:
    return Cleaner(dataset, started)
