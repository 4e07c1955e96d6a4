"""The zones of a deployment, here or on AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import boto3

from contract.keys import bucket_name
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION, Addresses
from local_cloud.s3.server import S3Server
from local_cloud.state import StateFolder
from operations.account import account
from operations.errors import OperationError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Zones:
    """A client and the names of the buckets."""

    s3: "S3Client"
    landing: str
    working: str
    processed: str
    quarantine: str
    reports: str

    @classmethod
    def of(cls, name: str, account: str, region: str) -> Self:
        """The zones of the deployment called `name`, where the environment leads."""
        zones = ("landing", "working", "processed", "quarantine", "reports")
        return cls(boto3.client("s3"), *(bucket_name(name, zone, account, region) for zone in zones))


@contextmanager
def zones_of(state: StateFolder, name: str, *, on_aws: bool) -> Iterator[Zones]:
    """The zones of a deployment on AWS, or of the state folder; whether it has a warehouse does not matter."""
    if on_aws:
        yield zones_on_aws(name)
    else:
        with zones_here(state, name) as zones:
            yield zones


@contextmanager
def zones_here(state: StateFolder, name: str) -> Iterator[Zones]:
    """The zones of a state folder, through its endpoint; if no endpoint runs, the buckets are served until the block ends.

    OperationError if there is no such folder, or if another process is just starting on it.
    """
    if not state.root.is_dir():
        raise OperationError(f"there is no state folder {state.root} yet: run the pipeline first (make run)")
    with _served(state) as addresses:
        addresses.adopt()
        yield Zones.of(name, ACCOUNT, REGION)


def zones_on_aws(name: str) -> Zones:
    """The zones in the account of the credentials; credentials are found as the AWS CLI finds them."""
    found = account()
    return Zones.of(name, found.number, found.region)


@contextmanager
def _served(state: StateFolder) -> Iterator[Addresses]:
    if endpoint := state.running():
        yield endpoint.addresses
        return
    with state.locked():
        server = S3Server(state.buckets)
        server.start()
        try:
            yield Addresses(server.url, server.url)
        finally:
            server.stop()
