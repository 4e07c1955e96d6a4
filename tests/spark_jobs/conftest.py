"""One Spark session for all tests of the job."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

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
