"""A Spark bench, a warehouse and the synthesized application."""

from tests.spark_jobs.conftest import bench, spark
from tests.sql.conftest import buckets, session, staged
from tests.stacks.conftest import deployment

__all__ = ["bench", "buckets", "deployment", "session", "spark", "staged"]
