"""What the driver arranges for tasks outside of the JVM."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F

from catalog import AUTHORS
from spark_jobs import arrow
from spark_jobs.job import DatasetRun
from tests.spark_jobs.workbench import Workbench

pytestmark = pytest.mark.spark


@pytest.mark.parametrize("groups", [1, 2, 3, 8, 75])
def test_each_partition_key_gets_a_partition_of_its_own(bench: Workbench, groups: int) -> None:
    keys = arrow.packing_for(DatasetRun(bench.spark, bench.job, AUTHORS, cores=1), groups).partition_keys
    assert len(set(keys)) == groups
    key = F.element_at(F.array(*map(F.lit, keys)), F.col("id").cast("int") + 1).alias("key")
    rows = bench.spark.range(groups).select(key).repartition(groups, "key")
    assert [len(partition) for partition in rows.rdd.glom().collect()] == [1] * groups


def test_of_nothing_a_file_with_all_columns_is_written_in_place_of_what_was_there(
    bench: Workbench,
) -> None:
    folder = Path(bench.job.processed) / "authors"
    folder.mkdir(parents=True)
    (folder / "old.parquet").write_bytes(b"old")
    arrow.write_nothing(DatasetRun(bench.spark, bench.job, AUTHORS, cores=1))
    (file,) = folder.iterdir()
    written = pq.read_table(file)
    assert pq.ParquetFile(file).metadata.num_row_groups == 0  # some readers refuse a group of no rows
    assert (written.num_rows, written.column_names) == (0, [column.name for column in AUTHORS.stored_columns])
