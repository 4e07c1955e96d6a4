"""The AWS region and profile of a command, given as the AWS CLI and the CDK CLI take them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def adopt_region() -> None:
    """Let boto3 know `AWS_REGION`, which it does not read; it reads only `AWS_DEFAULT_REGION`.

    AWS SDKs and Tools Reference Guide, "AWS Region". Without this a command would look into another region than the one that `cdk deploy` uses.
    """
    if region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region


@contextmanager
def without_profile() -> Iterator[None]:
    """No `AWS_PROFILE` while modules are imported: moto's look the profile up, and a run on this machine needs none, not even one that exists."""
    profile = os.environ.pop("AWS_PROFILE", None)
    try:
        yield
    finally:
        if profile is not None:
            os.environ["AWS_PROFILE"] = profile
