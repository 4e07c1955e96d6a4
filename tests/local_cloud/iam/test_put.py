"""A policy that a request puts is refused if it is malformed, with the error of the service that was asked."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud.account import ACCOUNT
from tests.local_cloud.conftest import Endpoint

pytestmark = pytest.mark.usefixtures("endpoint")

_NUMBERS = count()
_TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
_READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
_ROOT = {"Principal": {"AWS": ACCOUNT}}
_NOBODY = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"}}
Put = Callable[[Any], object]


def _policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _name() -> str:
    return f"put-{next(_NUMBERS)}"


def _role() -> str:
    name = _name()
    boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_policy(_TRUST)))
    return name


@pytest.fixture
def bucket(endpoint: Endpoint) -> Iterator[Put]:
    s3 = boto3.client("s3", endpoint_url=endpoint.addresses.url)
    name = _name()
    s3.create_bucket(Bucket=name)
    yield lambda document: s3.put_bucket_policy(Bucket=name, Policy=json.dumps(document))
    s3.delete_bucket(Bucket=name)


def _inline(document: Any) -> None:
    boto3.client("iam").put_role_policy(RoleName=_role(), PolicyName="p", PolicyDocument=json.dumps(document))


def _managed(document: Any) -> None:
    boto3.client("iam").create_policy(PolicyName=_name(), PolicyDocument=json.dumps(document))


def _trust(document: Any) -> None:
    boto3.client("iam").update_assume_role_policy(RoleName=_role(), PolicyDocument=json.dumps(document))


def _new_role(document: Any) -> None:
    boto3.client("iam").create_role(RoleName=_name(), AssumeRolePolicyDocument=json.dumps(document))


def _key(document: Any) -> None:
    kms = boto3.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))


def _new_key(document: Any) -> None:
    boto3.client("kms").create_key(Policy=json.dumps(document))


def _topic(document: Any) -> None:
    sns = boto3.client("sns")
    arn = sns.create_topic(Name=_name())["TopicArn"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="no policy")
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(document))


def _new_topic(document: Any) -> None:
    boto3.client("sns").create_topic(Name=_name(), Attributes={"Policy": json.dumps(document)})


def _queue(document: Any) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=_name(), Attributes={"DelaySeconds": "1"})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(document)})


def _endpoint(document: Any) -> None:
    ec2 = boto3.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    service = "com.amazonaws.us-east-1.s3"
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, PolicyDocument=json.dumps(document))


_OF_RESOURCES = [
    (_key, "MalformedPolicyDocumentException"),
    (_new_key, "MalformedPolicyDocumentException"),
    (_topic, "InvalidParameter"),
    (_new_topic, "InvalidParameter"),
    (_queue, "InvalidAttributeValue"),
    (_endpoint, "InvalidPolicyDocument"),
]


def _refusal(put: Put, document: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        put(document)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.slow
@pytest.mark.parametrize(("put", "code"), _OF_RESOURCES)
def test_the_policy_of_a_resource_names_somebody_who_exists(put: Put, code: str) -> None:
    put(_policy({**_READ, **_ROOT}))
    assert _refusal(put, _policy({**_READ, **_NOBODY}))[0] == code
    assert _refusal(put, _policy(_READ)) == (code, "Missing required field Principal")
    assert _refusal(put, ["no", "policy"])[0] == code


def test_the_policy_of_a_bucket_names_somebody_who_exists(bucket: Put) -> None:
    bucket(_policy({**_READ, **_ROOT}))
    code, message = _refusal(bucket, _policy({**_READ, **_NOBODY}))
    assert (code, message.partition(":")[0]) == ("MalformedPolicy", "Invalid principal in policy")
    assert _refusal(bucket, "text")[0] == "MalformedPolicy"


@pytest.mark.parametrize("put", [_inline, _managed])
@pytest.mark.parametrize(
    "statement",
    [
        {**_READ, **_ROOT},
        {"Effect": "Allow", "Action": "s3:GetObject"},
        {"Effect": "Allow", "Resource": "*"},
        {**_READ, "Effect": "Perhaps"},
        {**_READ, "Actions": "s3:GetObject"},
        "no statement",
    ],
)
def test_a_policy_of_a_role_is_malformed_as_one_in_a_template(put: Put, statement: Any) -> None:
    put(_policy(_READ))
    assert _refusal(put, _policy(statement))[0] == "MalformedPolicyDocument"


@pytest.mark.parametrize("put", [_trust, _new_role])
def test_a_role_trusts_somebody_who_exists(put: Put) -> None:
    put(_policy({**_TRUST, **_ROOT}))
    assert _refusal(put, _policy({**_TRUST, **_NOBODY}))[0] == "MalformedPolicyDocument"
    assert _refusal(put, _policy({**_TRUST, "Resource": "*"}))[0] == "MalformedPolicyDocument"


def test_the_inline_policies_of_a_role_count_together() -> None:
    iam, name = boto3.client("iam"), _role()

    def put(policy: str, size: int) -> object:
        document = json.dumps(_policy({**_READ, "Resource": "arn:aws:s3:::" + "x" * size}))
        return iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)

    put("p", 6_000)
    put("p", 6_000)  # in place of itself
    assert _refusal(lambda size: put("q", size), 6_000)[0] == "LimitExceeded"
    assert _refusal(lambda size: put("p", size), 10_240)[0] == "LimitExceeded"
