"""A resource that AWS would not create is not created here, and the reason is AWS's."""

import io
import json
import zipfile
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


def _policy(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def _role(trust: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": _policy(trust or _TRUST), **more},
    }


def _create(**resources: dict[str, Any]) -> None:
    body = json.dumps({"Resources": resources})
    boto3.client("cloudformation").create_stack(StackName=f"refused-{next(_NUMBERS)}", TemplateBody=body)


def _refusal(**resources: dict[str, Any]) -> str:
    with pytest.raises(ClientError) as refused:
        _create(**resources)
    return str(refused.value)


def _inline(document: dict[str, Any], name: str = "p") -> list[dict[str, Any]]:
    return [{"PolicyName": name, "PolicyDocument": document}]


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:role/goodreads-*"},
        {"AWS": ["*", "nobody"]},
        {"Service": "lambda"},
    ],
)
def test_a_principal_that_does_not_exist_is_refused(principal: dict[str, Any]) -> None:
    assert "Invalid principal in policy" in _refusal(R=_role({**_TRUST, "Principal": principal}))
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": f"refused-{next(_NUMBERS)}"}}
    document = _policy({**_READ, "Principal": principal})
    of_bucket = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": "B"}, "PolicyDocument": document},
    }
    assert "Invalid principal in policy" in _refusal(B=bucket, P=of_bucket)


def test_a_role_may_be_trusted_that_the_same_stack_makes_first() -> None:
    trust = {**_TRUST, "Principal": {"AWS": {"Fn::GetAtt": ["Zzz", "Arn"]}}}
    _create(Aaa=_role(trust), Zzz=_role())
    for known in ({"AWS": ACCOUNT}, {"AWS": "arn:aws:iam::210987654321:role/elsewhere"}, "*"):
        _create(R=_role({**_TRUST, "Principal": known}))


def test_a_statement_that_a_condition_leaves_out_is_not_there() -> None:
    left_out = {"Fn::If": ["No", {**_READ, "Resource": "none"}, {"Ref": "AWS::NoValue"}]}
    body = {
        "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"R": _role(Policies=_inline(_policy(_READ, left_out)))},
    }
    boto3.client("cloudformation").create_stack(StackName="no-value", TemplateBody=json.dumps(body))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (_policy({**_READ, "Principal": "*"}), "Has prohibited field Principal"),
        (_policy({"Effect": "Allow", "Action": "s3:GetObject"}), "Missing required field Resource"),
        (_policy({**_READ, "Action": "GetObject"}), "is no action"),
        (_policy({**_READ, "Sid": "a"}, {**_READ, "Sid": "a"}), "must be unique: a"),
        (_policy(_READ, version="2020-01-01"), "valid version"),
        (_policy(), "Syntax errors in policy"),
        (_policy({**_READ, "Resource": "x" * 10_240}), "Maximum policy size of 10240"),
    ],
)
def test_a_policy_that_iam_would_not_take_is_refused(document: dict[str, Any], words: str) -> None:
    assert words in _refusal(R=_role(Policies=_inline(document)))


def test_a_trust_policy_has_a_principal_and_no_resource() -> None:
    assert "Missing required field Principal" in _refusal(R=_role({**_READ, "Action": "sts:AssumeRole"}))
    assert "Has prohibited field Resource" in _refusal(R=_role({**_TRUST, "Resource": "*"}))


def test_the_inline_policies_of_a_role_count_together() -> None:
    half = _policy({**_READ, "Resource": "arn:aws:s3:::" + "x" * 6_000})
    one_more = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "more", "PolicyDocument": half, "Roles": [{"Ref": "R"}]},
    }
    _create(R=_role(Policies=_inline(half)))
    assert "10240 characters exceeded" in _refusal(R=_role(Policies=_inline(half)), P=one_more)
    assert "10240 characters exceeded" in _refusal(R=_role(Policies=[*_inline(half), *_inline(half, "q")]))


def test_a_managed_policy_and_a_trust_policy_are_shorter() -> None:
    managed = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": _policy({**_READ, "Resource": "x" * 6_144})},
    }
    assert "6144 characters exceeded" in _refusal(M=managed)
    assert "2048 characters exceeded" in _refusal(R=_role({**_TRUST, "Sid": "x" * 2_048}))


def test_a_permissions_boundary_is_refused_and_not_forgotten() -> None:
    assert "not judged on this machine" in _refusal(
        R=_role(PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")
    )


def _function(variables: dict[str, str] | None = None, key: str = "") -> dict[str, Any]:
    code = {"S3Bucket": "limits-code", "S3Key": key} if key else {"ZipFile": "x"}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": code,
            "Role": {"Fn::GetAtt": ["R", "Arn"]},
            "Handler": "h.h",
            "Runtime": "python3.14",
            "Environment": {"Variables": variables or {}},
        },
    }


def test_the_environment_of_a_function_has_four_kilobytes() -> None:
    _create(R=_role(), F=_function({"NAME": "x" * 4_092}))
    assert "4KB limit" in _refusal(R=_role(), F=_function({"NAME": "x" * 4_093}))


@pytest.mark.slow
def test_the_code_of_a_function_has_250_megabytes(endpoint: Endpoint) -> None:
    bucket = endpoint.state.buckets / "limits-code"
    bucket.mkdir()
    content = io.BytesIO()
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as code,
        code.open("a", "w") as file,
    ):
        for _ in range(251):
            file.write(bytes(1024 * 1024))
    (bucket / "large.zip").write_bytes(content.getvalue())
    assert "Unzipped size must be smaller" in _refusal(R=_role(), F=_function(key="large.zip"))


@pytest.mark.slow
def test_a_definition_has_a_megabyte() -> None:
    definition = json.dumps(
        {"Comment": "x" * 1024 * 1024, "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
    )
    role = {"Fn::GetAtt": ["R", "Arn"]}
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"RoleArn": role, "DefinitionString": definition},
    }
    assert "at most 1048576 are allowed" in _refusal(R=_role(), M=machine)


def test_a_rule_has_five_targets_and_short_inputs() -> None:
    def rule(*targets: dict[str, str]) -> dict[str, Any]:
        return {
            "Type": "AWS::Events::Rule",
            "Properties": {"ScheduleExpression": "rate(1 day)", "Targets": targets},
        }

    target = {"Id": "t", "Arn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"}
    assert "at most 5" in _refusal(E=rule(*[{**target, "Id": str(number)} for number in range(6)]))
    assert "8192 characters" in _refusal(E=rule({**target, "Input": "x" * 8_193}))
