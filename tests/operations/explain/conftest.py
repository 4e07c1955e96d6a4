"""A warehouse of the engine that stands in for Redshift, and zones on a real S3 server."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from local_cloud.s3.server import S3Server
from operations.zones import Zones
from tests.local_cloud.redshift.conftest import Session
from tests.operations.explain.delivered import Delivered
from tests.sql.conftest import buckets, session

__all__ = ["buckets", "session"]


@pytest.fixture(scope="module")
def filled(session: Session, buckets: Path) -> Iterator[Delivered]:
    names = ("landing", "working", "processed", "quarantine", "reports")
    for name in names:
        (buckets / name).mkdir()
    server = S3Server(buckets)
    server.start()
    s3 = boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  # of no account
    )
    yield Delivered(session, Zones(s3, *names), buckets)
    server.stop()


@pytest.fixture
def delivered(filled: Delivered) -> Delivered:
    """Nothing is delivered yet."""
    filled.empty()
    return filled
