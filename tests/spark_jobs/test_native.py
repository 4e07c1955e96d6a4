"""What the driver arranges for tasks outside of the JVM."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from catalog import AUTHORS
from spark_jobs import native


@pytest.mark.parametrize("groups", [1, 2, 3, 8, 75])
def test_each_label_gets_a_partition_of_its_own(spark: SparkSession, groups: int) -> None:
    labels = native.labels_of(spark, groups)
    assert len(set(labels)) == groups
    label = F.element_at(F.array(*map(F.lit, labels)), F.col("id").cast("int") + 1).alias("label")
    rows = spark.range(groups).select(label).repartition(groups, "label")
    assert [len(partition) for partition in rows.rdd.glom().collect()] == [1] * groups


def test_of_nothing_a_file_with_all_columns_is_written_in_place_of_what_was_there(
    spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "authors").mkdir()
    (tmp_path / "authors" / "old.parquet").write_bytes(b"old")
    native.write_nothing(spark, AUTHORS, (tmp_path / "authors").as_uri())
    (file,) = (tmp_path / "authors").iterdir()
    written = pq.read_table(file)
    assert (written.num_rows, written.column_names) == (0, [column.name for column in AUTHORS.stored_columns])
