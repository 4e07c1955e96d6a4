"""The key of the CDK's own bucket, as `cdk bootstrap --bootstrap-customer-key` makes it: its policy lets the account in, through S3."""

from pathlib import Path
from typing import Any

import pytest

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.iam import AccessDenied, Judge, Record
from local_cloud.iam.deployed import Deployed
from local_cloud.identity import Kind, Principal

_ROLE = f"arn:aws:iam::{ACCOUNT}:role/nodes"
_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/assets"
_NODES = Principal(Kind.ROLE, _ROLE, "AROAEXAMPLE:i-1", "i-1")


def _judge(folder: Path, condition: dict[str, str]) -> Judge:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Principal": {"AWS": "*"},
        "Resource": "*",
    }
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::assets/*"}
    what = Deployed(
        callers={_ROLE: {"read": {"Statement": [read]}}},
        resources={
            _KEY: {"key policy": {"Statement": [{**statement, "Condition": {"StringEquals": condition}}]}}
        },
        keys={"arn:aws:s3:::assets": _KEY},
    )
    return Judge(Record(folder), lambda: what)


def test_a_role_of_the_account_reads_an_asset_through_s3(tmp_path: Path) -> None:
    here = {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"s3.{REGION}.amazonaws.com"}
    _judge(tmp_path, here).require(_NODES, "s3", "GetObject", {"Bucket": "assets", "Key": "a.zip"})


@pytest.mark.parametrize(
    "other", [{"kms:CallerAccount": "210987654321"}, {"kms:ViaService": "sns.us-east-1.amazonaws.com"}]
)
def test_another_account_or_another_service_is_not_let_in(tmp_path: Path, other: dict[str, str]) -> None:
    with pytest.raises(AccessDenied):
        _judge(tmp_path, other).require(_NODES, "s3", "GetObject", {"Bucket": "assets", "Key": "a.zip"})
