"""The Spark session that the tests of the job share."""

import os

import pytest
from pyspark.sql import SparkSession

from tests.spark_jobs.conftest import BEFORE, OF_SPARK

pytestmark = pytest.mark.spark


def test_the_session_leaves_the_environment_of_other_tests_as_it_was(spark: SparkSession) -> None:
    assert spark.range(3).count() == 3
    assert {name: os.environ.get(name) for name in OF_SPARK} == {name: BEFORE.get(name) for name in OF_SPARK}
