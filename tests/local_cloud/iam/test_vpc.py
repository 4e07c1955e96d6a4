"""Nodes reach S3 through the VPC endpoint; COPY reads Parquet through Redshift Spectrum, which does not, and nothing may rest on either way."""

from typing import Any

import pytest

from local_cloud.iam import Call, Caller
from local_cloud.iam.deployed import Deployed
from local_cloud.iam.judge import Code

_NODES, _COPY = "arn:aws:iam::123456789012:role/nodes", "arn:aws:iam::123456789012:role/copy"
_ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::zone/*"}
_ONLY_THROUGH = {
    **_ALLOW,
    "Effect": "Deny",
    "Principal": "*",
    "Condition": {"StringNotEquals": {"aws:sourceVpce": "vpce-1"}},
}


def _may_read(role: str, *, bucket: dict[str, Any] | None = None, endpoint: dict[str, Any]) -> bool:
    what = Deployed(
        callers={each: {"read": {"Statement": [_ALLOW]}} for each in (_NODES, _COPY)},
        resources={"arn:aws:s3:::zone": {"bucket policy": {"Statement": [bucket]}}} if bucket else {},
        endpoint={"vpce-1": {"Statement": [endpoint]}},
        in_vpc=frozenset({_NODES, _COPY}),
        by_spectrum=frozenset({_COPY}),
    )
    caller = Caller(role.replace("iam", "sts"), "123456789012", role=role)
    return (
        Code(Deployed.from_json(what.as_json()))
        .decide(caller, Call("s3:GetObject", "arn:aws:s3:::zone/k"))
        .allowed
    )


@pytest.mark.parametrize(("role", "may"), [(_NODES, True), (_COPY, False)])
def test_a_bucket_that_admits_only_the_endpoint_refuses_copy(role: str, *, may: bool) -> None:
    everything = {**_ALLOW, "Principal": "*"}
    assert _may_read(role, endpoint=everything)
    assert _may_read(role, bucket=_ONLY_THROUGH, endpoint=everything) is may


@pytest.mark.parametrize("role", [_NODES, _COPY])
def test_the_policy_of_the_endpoint_admits_either(role: str) -> None:
    assert not _may_read(role, endpoint={**_ALLOW, "Principal": "*", "Resource": "arn:aws:s3:::other/*"})
