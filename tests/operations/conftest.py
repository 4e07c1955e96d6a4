"""An endpoint with a cluster and no other part of a deployment, for the commands that look at one."""

import signal
from collections.abc import Iterator

import boto3
import pytest

from operations.warehouse import Warehouse
from sql import rights
from tests.local_cloud.conftest import Endpoint, environment, served

__all__ = ["endpoint", "environment"]


def create_cluster() -> None:
    """A cluster as the deployment would make it, with the pipeline's user."""
    boto3.client("redshift").create_cluster(
        ClusterIdentifier="goodreads",
        DBName="goodreads",
        MasterUsername="pipeline",
        MasterUserPassword="Unused-1",  # Redshift wants one; nobody signs in with it
        NodeType="ra3.large",
    )
    warehouse = Warehouse(user="pipeline")
    _, users = warehouse.run(rights.users())
    if ("goodreads_pipeline",) not in users:  # an earlier endpoint of the same folder may have it
        warehouse.run(
            rights.create_user("goodreads_pipeline"),
            "grant create on database goodreads to goodreads_pipeline",
        )


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint that boto3 clients made in the module talk to."""
    with served(tmp_path_factory) as endpoint:
        create_cluster()
        yield endpoint


@pytest.fixture
def signals() -> Iterator[None]:
    """The commands change how the process takes SIGINT and SIGTERM; afterwards it takes them as before."""
    endings = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(ending) for ending in endings]
    yield
    for ending, handler in zip(endings, before, strict=True):
        signal.signal(ending, handler)
