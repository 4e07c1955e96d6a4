"""The account and the region that the credentials lead to, and what to do if AWS cannot be asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as NoConnectionError,
)

from operations.errors import OperationError

_NO_REGION = "no region is given: set AWS_REGION, or AWS_PROFILE to a profile that has one"
_NO_CREDENTIALS = (
    "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `aws sts "
    "get-caller-identity` shows whose they are"
)


@dataclass(frozen=True)
class Account:
    """Where the credentials lead."""

    number: str
    region: str


def account() -> Account:
    """OperationError if there is no region, or if AWS does not accept the credentials; botocore's error if there are none."""
    region = boto3.Session().region_name
    if not region:
        raise OperationError(_NO_REGION)
    try:
        return Account(boto3.client("sts").get_caller_identity()["Account"], region)
    except ClientError as error:
        raise OperationError(
            f"AWS does not accept the credentials ({error.response['Error']['Code']}): renew them (`aws sso login`, or new keys)"
        ) from None


@contextmanager
def aws_told() -> Iterator[None]:
    """What AWS answers, or why it cannot be asked, becomes an OperationError."""
    try:
        yield
    except ClientError as error:
        raise OperationError(f"AWS answered: {error}") from error
    except BotoCoreError as error:
        raise OperationError(_why_not_asked(error)) from error


def _why_not_asked(error: BotoCoreError) -> str:
    if isinstance(error, NoRegionError):
        return _NO_REGION
    if isinstance(error, NoCredentialsError):
        return _NO_CREDENTIALS
    if isinstance(error, ProfileNotFound):
        return f"{error}: give --profile, or AWS_PROFILE, the name of one that `aws configure list-profiles` shows"
    if isinstance(error, PartialCredentialsError | CredentialRetrievalError | SSOError | TokenRetrievalError):
        return f"the AWS credentials cannot be used ({error}): renew them (`aws sso login`, or new keys)"
    if isinstance(error, NoConnectionError | HTTPClientError):
        return f"AWS cannot be reached ({error}): look at the network, a proxy, the region, and AWS_ENDPOINT_URL if it is set"
    return f"AWS could not be asked: {error}"
