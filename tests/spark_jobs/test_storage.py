"""Files outside of the JVM, where Hadoop says they are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from catalog import REVIEWS
from spark_jobs.schema import arrow_schema
from spark_jobs.storage import Folder, delete_folder

pytestmark = pytest.mark.spark

BUCKET = "some-bucket"
ODD_NAME = "00003-é b+c%20,=#1.csv"


@pytest.fixture
def bucket(spark: SparkSession, tmp_path: Path) -> Iterator[Path]:
    """The folder that a bucket is mounted from, for tasks only: the session has no file system for it."""
    conf: Any = spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001 (there is no public handle)
    setting = f"fs.viewfs.mounttable.{BUCKET}.linkFallback"
    folder = tmp_path / "behind it"
    folder.mkdir()
    conf.set(setting, folder.as_uri())
    yield folder
    conf.unset(setting)


def read(folder: Folder, uri: str, size: int, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join(folder.blocks(uri, size, start, stop))


def test_a_file_is_read_from_its_address_from_any_byte_on(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "deep" / ODD_NAME
    path.parent.mkdir()
    path.write_bytes(b"content")
    prefix = f"file://{tmp_path}/"
    folder = Folder.at(prefix, spark)

    assert read(folder, f"{prefix}deep/{ODD_NAME}", 7) == b"content"
    assert read(folder, f"{prefix}deep/{ODD_NAME}", 7, 3) == b"tent"
    assert read(folder, f"{prefix}deep/{ODD_NAME}", 7, 7) == b""
    assert read(folder, f"{prefix}deep/{ODD_NAME}", 7, 3, 5) == b"te"
    with pytest.raises(ValueError, match=r"has 7 bytes, the plan says 8: start a new run"):
        read(folder, f"{prefix}deep/{ODD_NAME}", 8)


def test_a_file_is_read_from_where_its_bucket_is_mounted(spark: SparkSession, bucket: Path) -> None:
    (bucket / "run=1" / "b").mkdir(parents=True)
    (bucket / "run=1" / "b" / "a+ b.csv").write_bytes(b"content")

    folder = Folder.at(f"s3://{BUCKET}/run=1/", spark)

    assert read(folder, f"s3://{BUCKET}/run=1/b/a+ b.csv", 7) == b"content"


def test_a_bucket_that_hadoop_reaches_by_a_gateway_is_one_of_s3(spark: SparkSession, bucket: Path) -> None:
    conf: Any = spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001 (there is no public handle)
    conf.set(f"fs.viewfs.mounttable.{BUCKET}.linkFallback", f"webhdfs://127.0.0.1:1/{bucket.name}")
    assert Folder.at(f"s3://{BUCKET}/run=1/authors", spark) == Folder(f"s3://{BUCKET}", "run=1/authors")


def test_a_bucket_that_is_not_mounted_is_one_of_s3(spark: SparkSession) -> None:
    assert Folder.at("s3://another/run=1/authors", spark) == Folder("s3://another", "run=1/authors")


def test_a_parquet_file_is_written_where_its_bucket_is_mounted_and_replaces_what_was_there(
    spark: SparkSession, bucket: Path
) -> None:
    folder = Folder.at(f"s3://{BUCKET}/run=1/things", spark)

    for number in (1, 3):
        rows = pa.table({"a": [number]})
        folder.write_parquet("a.parquet", rows.schema, [rows])

    assert [path.name for path in (bucket / "run=1" / "things").iterdir()] == ["a.parquet"]
    assert pq.read_table(bucket / "run=1" / "things" / "a.parquet").to_pydict() == {"a": [3]}


def test_parquet_has_the_physical_types_that_copy_reads(spark: SparkSession, tmp_path: Path) -> None:
    row = {
        "review_id": 2**63 - 1,
        "review_rating": Decimal("4.05"),
        "review_added_date": datetime(1900, 1, 1, tzinfo=UTC),
        "record_create_timestamp": datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    }
    rows = pa.Table.from_pylist([row], schema=arrow_schema(REVIEWS.columns))

    Folder.at(f"file://{tmp_path}/reviews", spark).write_parquet("part-00000.parquet", rows.schema, [rows])

    schema = pq.read_schema(tmp_path / "reviews" / "part-00000.parquet")
    physical = {
        column.name: column.physical_type
        for column in pq.ParquetFile(tmp_path / "reviews" / "part-00000.parquet").schema
    }
    assert schema.names == list(REVIEWS.column_names)
    assert physical["review_id"] == "INT64"
    assert physical["review_votes"] == "INT32"
    assert physical["review_rating"] == "INT32"
    assert physical["spoiler_flag"] == "BOOLEAN"
    assert physical["review_added_date"] == physical["record_create_timestamp"] == "INT96"
    (read,) = (
        spark.read.parquet(f"file://{tmp_path}/reviews")
        .selectExpr(
            "review_id",
            "review_rating",
            "cast(review_added_date as string)",
            "cast(record_create_timestamp as string)",
        )
        .collect()
    )
    assert tuple(read) == (
        2**63 - 1,
        Decimal("4.05"),
        "1900-01-01 00:00:00",
        "2099-12-31 23:59:59.999999",
    )


def test_a_folder_is_deleted_with_all_in_it_and_none_is_no_error(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"")
    (tmp_path / "ab").mkdir()

    delete_folder(f"file://{tmp_path}/a", spark)
    delete_folder(f"file://{tmp_path}/a", spark)

    assert [path.name for path in tmp_path.iterdir()] == ["ab"]
