"""Stacks are updated and deleted as CloudFormation does it, and what it would refuse is refused."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.roles import role

pytestmark = pytest.mark.slow  # the first update reads AWS's resource schemas, which takes seconds

Resources = dict[str, Any]


class Stacks:
    """The stacks of the endpoint."""

    def __init__(self) -> None:
        self._client = boto3.client("cloudformation")
        self.made: list[str] = []

    def create(self, name: str, resources: Resources, **rest: Any) -> None:
        self._client.create_stack(StackName=name, TemplateBody=template(resources, **rest))
        self.made.append(name)

    def update(self, name: str, resources: Resources, **rest: Any) -> None:
        previous = [{"ParameterKey": key, "UsePreviousValue": True} for key in rest.get("Parameters", {})]
        self._client.update_stack(
            StackName=name, TemplateBody=template(resources, **rest), Parameters=previous
        )

    def delete(self, name: str) -> None:
        self._client.delete_stack(StackName=name)
        self.made.remove(name)

    def refusal(self, change: Callable[..., None], *args: Any, **kwargs: Any) -> str:
        with pytest.raises(ClientError) as refused:
            change(*args, **kwargs)
        return str(refused.value)


def template(resources: Resources, exports: dict[str, Any] | None = None, **parts: Any) -> str:
    outputs = {
        name.title(): {"Value": value, "Export": {"Name": name}} for name, value in (exports or {}).items()
    }
    return json.dumps({"Resources": resources, "Outputs": outputs, **parts})


def parameter(name: str | None, value: Any, **attributes: Any) -> Resources:
    named = {"Name": name} if name else {}
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {**named, "Type": "String", "Value": value},
        **attributes,
    }


def table(key: str, name: str | None = None) -> Resources:
    named = {"TableName": name} if name else {}
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            **named,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        },
    }


@pytest.fixture
def stacks(endpoint: Endpoint) -> Iterator[Stacks]:
    assert endpoint
    found = Stacks()
    yield found
    for name in reversed(list(found.made)):
        found.delete(name)


def value_of(name: str) -> str:
    found = boto3.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    assert isinstance(found, str)
    return found


def table_names() -> list[str]:
    return list(boto3.client("dynamodb").list_tables()["TableNames"])


def test_what_has_a_name_of_its_own_cannot_be_replaced(stacks: Stacks) -> None:
    stacks.create("a", {"Lease": table("lease", "lease")})
    told = stacks.refusal(stacks.update, "a", {"Lease": table("other", "lease")})
    assert "CloudFormation cannot update a stack when a custom-named resource requires replacing" in told
    stacks.update("a", {"Lease": table("other", "lease-2")})
    assert table_names() == ["lease-2"]


def test_what_has_no_name_is_replaced_and_whatever_refers_to_it_follows(stacks: Stacks) -> None:
    stacks.create("a", {"Copy": parameter("/copy", {"Ref": "Lease"}), "Lease": table("lease")})
    (before,) = table_names()
    stacks.update("a", {"Copy": parameter("/copy", {"Ref": "Lease"}), "Lease": table("other")})
    (after,) = table_names()
    assert value_of("/copy") == after != before


def test_a_permission_has_no_name_of_its_own_so_its_rule_can_be_renamed(stacks: Stacks) -> None:
    code = {"ZipFile": "def handler(event, context):\n    return 1\n"}
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "listens",
            "Handler": "index.handler",
            "Runtime": "python3.14",
            "Role": role("listens", "lambda.amazonaws.com"),
            "Code": code,
        },
    }

    def resources(rule: str) -> Resources:
        pattern = {"source": ["aws.states"]}
        return {
            "Function": function,
            "Rule": {"Type": "AWS::Events::Rule", "Properties": {"Name": rule, "EventPattern": pattern}},
            "Permission": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": {"Fn::GetAtt": ["Function", "Arn"]},
                    "Principal": "events.amazonaws.com",
                    "SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]},
                },
            },
        }

    stacks.create("a", resources("stopped"))
    stacks.update("a", resources("stopped-runs"))
    policy = json.loads(boto3.client("lambda").get_policy(FunctionName="listens")["Policy"])
    (source,) = [each["Condition"]["ArnLike"]["AWS:SourceArn"] for each in policy["Statement"]]
    assert source.endswith(":rule/stopped-runs")


def test_a_resource_whose_type_cannot_be_updated_here_stays_what_it_was(stacks: Stacks) -> None:
    lease, copy = table("lease", "lease"), parameter("/copy", {"Ref": "Lease"})
    stacks.create("a", {"Lease": lease, "Copy": copy})
    protected = {**lease, "Properties": {**lease["Properties"], "DeletionProtectionEnabled": True}}
    stacks.update("a", {"Lease": protected, "Copy": copy})
    stacks.update("a", {"Lease": lease, "Copy": copy})
    assert (table_names(), value_of("/copy")) == (["lease"], "lease")


def test_an_export_that_is_in_use_neither_changes_nor_goes(stacks: Stacks) -> None:
    stacks.create("a", {"Lease": table("lease")}, exports={"lease": {"Ref": "Lease"}})
    stacks.create("b", {"Copy": parameter("/copy", {"Fn::ImportValue": "lease"})})
    in_use = "as it is in use by b"
    other = {"Lease": table("other")}
    told = stacks.refusal(stacks.update, "a", other, exports={"lease": {"Ref": "Lease"}})
    assert f"Export lease cannot be updated {in_use}" in told
    assert f"Export lease cannot be deleted {in_use}" in stacks.refusal(stacks.update, "a", other)
    assert f"Export lease cannot be deleted {in_use}" in stacks.refusal(stacks.delete, "a")
    assert value_of("/copy") == table_names()[0]


def test_an_export_that_an_update_adds_can_be_imported(stacks: Stacks) -> None:
    stacks.create("a", {"Lease": table("lease", "lease")})
    stacks.update("a", {"Lease": table("lease", "lease")}, exports={"lease": {"Ref": "Lease"}})
    stacks.create("b", {"Copy": parameter("/copy", {"Fn::ImportValue": "lease"})})
    assert value_of("/copy") == "lease"


def test_a_parameter_of_systems_manager_is_read_anew_by_an_update_without_a_change(stacks: Stacks) -> None:
    read = {"Parameters": {"Id": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/id"}}}
    stacks.create("a", {"Id": parameter("/id", "one")})
    stacks.create("b", {"Copy": parameter("/copy", {"Ref": "Id"})}, **read)
    stacks.update("a", {"Id": parameter("/id", "two")})
    stacks.update("b", {"Copy": parameter("/copy", {"Ref": "Id"})}, **read)
    assert value_of("/copy") == "two"


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_what_is_retained_outlives_its_stack_and_blocks_another_one(stacks: Stacks, policy: str) -> None:
    name = f"kept-{policy.lower()}"
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}, "DeletionPolicy": policy}
    stacks.create("a", {"Kept": bucket})
    stacks.delete("a")
    assert "BucketAlreadyExists" in stacks.refusal(stacks.create, f"a-{policy}", {"Kept": bucket})
    boto3.client("s3").delete_bucket(Bucket=name)


def test_each_resource_is_deleted_before_those_that_it_refers_to(stacks: Stacks) -> None:
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    inside = {"VpcId": {"Ref": "Aaa"}}
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "any", **inside}}
    routes = {"Type": "AWS::EC2::RouteTable", "Properties": inside}
    before = len(boto3.client("ec2").describe_vpcs()["Vpcs"])
    stacks.create("a", {"Aaa": vpc, "Routes": routes, "Group": group})
    stacks.delete("a")
    assert len(boto3.client("ec2").describe_vpcs()["Vpcs"]) == before
