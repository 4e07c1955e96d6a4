"""One Spark session for all tests of the job."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from local_cloud.emr.steps import spark_environment
from spark_jobs.conf import SPARK_CONF
from stacks import ROOT
from tests.spark_jobs.workbench import Workbench

BEFORE = dict(os.environ)
OF_SPARK = {name: value for name, value in spark_environment().items() if BEFORE.get(name) != value} | {
    "PYTHONPATH": str(ROOT),  # tasks import the job, which comes with --py-files otherwise
    "PYSPARK_DRIVER_PYTHON": sys.executable,
}
"""What spark-submit starts with, beyond the environment of the tests."""

RowsOfText = Callable[[Sequence[str], Sequence[Sequence[str | None]]], DataFrame]


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    for key, value in (SPARK_CONF | {"spark.sql.shuffle.partitions": "4"}).items():
        builder = builder.config(key, value)
    with pytest.MonkeyPatch.context() as environment:  # only the JVM needs these variables, from its start on
        for key, value in OF_SPARK.items():
            environment.setenv(key, value)
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture
def bench(spark: SparkSession, tmp_path: Path) -> Workbench:
    return Workbench(spark, tmp_path)


@pytest.fixture(scope="session")
def rows_of_text(spark: SparkSession) -> RowsOfText:
    """Make a frame of text columns without starting a Python worker."""

    def make(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> DataFrame:
        schema = ArrayType(StructType([StructField(name, StringType()) for name in names]))
        document = json.dumps([dict(zip(names, row, strict=True)) for row in rows])
        return spark.range(1).select(F.inline(F.from_json(F.lit(document), schema)))

    return make
