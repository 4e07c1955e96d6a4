"""What a smoke test needs of an account: asked for before anything is spent, and refused with words."""

from collections.abc import Sequence

import boto3

from lambdas.shared.environment import POWERTOOLS_LAYER
from operations.account import Account
from operations.errors import OperationError
from operations.teardown import existing_stacks, left_buckets
from stacks.compute.library_archive import ARCHIVE, ARCHIVE_KEY

_BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
"""The parameter that `cdk bootstrap` writes; hnb659fds is the qualifier of CDK's default synthesizer."""


def require_ready(found: Account, context: Sequence[str]) -> None:
    """OperationError if a deployment to this account and region would fail for want of something that can be asked for first.

    The Powertools layer comes first: without it there is no function.
    """
    given = {pair.partition("=")[0] for pair in context}
    if "powertools_layer" not in given and not _parameter(POWERTOOLS_LAYER):
        raise OperationError(
            f"{found.region} has no parameter {POWERTOOLS_LAYER}, which names the Powertools layer of the functions: take another "
            "region, or give the ARN of a layer of this region, -c powertools_layer=ARN"
        )
    if not _parameter(_BOOTSTRAP):
        raise OperationError(
            f"account {found.number} is not prepared for the CDK in {found.region}: run `cdk bootstrap "
            f"aws://{found.number}/{found.region} --bootstrap-customer-key` once, with credentials that may create roles"
        )
    if ARCHIVE_KEY not in given and not ARCHIVE.exists():
        raise OperationError(f"{ARCHIVE} is missing, the libraries of the Spark job: run `make setup`")


def require_free(name: str) -> None:
    """OperationError if something that this command has not made bears the name."""
    if stacks := existing_stacks(name):
        raise OperationError(
            f"there is a deployment called {name} already ({', '.join(stacks)}), and no smoke test of this folder has made it: "
            "give another --name, or tear it down"
        )
    if buckets := left_buckets(name):
        raise OperationError(
            f"an earlier deployment called {name} has left {', '.join(buckets)}, which would be in the way: give another --name, "
            f"or delete them, `pipeline teardown --aws --name {name} --with-data`"
        )


def _parameter(name: str) -> bool:
    client = boto3.client("ssm")
    try:
        client.get_parameter(Name=name)
    except client.exceptions.ParameterNotFound:
        return False
    return True
