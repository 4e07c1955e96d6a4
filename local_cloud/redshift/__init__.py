"""Amazon Redshift and its Data API on one machine: a DuckDB file that speaks Redshift SQL.

with RedshiftEngine(database=Path("warehouse.duckdb"), buckets=Path("s3")) as engine:
install(engine)  # from now on boto3 and `aws redshift-data` against the moto server run real SQL
"""

from local_cloud.redshift.access import S3Access
from local_cloud.redshift.data_api import RedshiftEngine
from local_cloud.redshift.errors import DataApiError, SqlError
from local_cloud.redshift.hook import install, master_of
from local_cloud.redshift.warehouse import read_only_query

__all__ = [
    "DataApiError",
    "RedshiftEngine",
    "S3Access",
    "SqlError",
    "install",
    "master_of",
    "read_only_query",
]
