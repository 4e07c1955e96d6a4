"""A cluster whose nodes EMR could not start on AWS is refused here, too: by its roles, AWS's own policy, and the tags of the network."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.local_cloud.conftest import Endpoint

pytestmark = pytest.mark.slow

TAG = [{"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}]
POLICY = "arn:aws:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2"
PASSING = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def trust(service: str) -> dict[str, Any]:
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return {"Version": "2012-10-17", "Statement": [statement]}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def template() -> dict[str, Any]:
    """A cluster as the application has it, made by hand."""
    passing = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": {"Fn::GetAtt": ["Nodes", "Arn"]},
        "Condition": PASSING,
    }
    group = {"InstanceCount": 1, "InstanceType": "m5.xlarge"}
    instances = {
        "MasterInstanceGroup": group,
        "CoreInstanceGroup": group,
        "Ec2SubnetId": {"Ref": "Subnet"},
        "EmrManagedMasterSecurityGroup": {"Ref": "Group"},
        "EmrManagedSlaveSecurityGroup": {"Ref": "Group"},
        "ServiceAccessSecurityGroup": {"Ref": "Group"},
    }
    vpc = {"Ref": "Vpc"}
    return {
        "Vpc": resource("EC2::VPC", CidrBlock="10.9.0.0/16"),
        "Subnet": resource("EC2::Subnet", VpcId=vpc, CidrBlock="10.9.0.0/24", Tags=TAG),
        "Group": resource("EC2::SecurityGroup", VpcId=vpc, GroupDescription="nodes", Tags=TAG),
        "Nodes": resource("IAM::Role", AssumeRolePolicyDocument=trust("ec2")),
        "Profile": resource("IAM::InstanceProfile", Roles=[{"Ref": "Nodes"}]),
        "Service": resource(
            "IAM::Role",
            AssumeRolePolicyDocument=trust("elasticmapreduce"),
            ManagedPolicyArns=[POLICY],
            Policies=[
                {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [passing]}}
            ],
        ),
        "Cluster": resource(
            "EMR::Cluster",
            Name="small",
            JobFlowRole={"Ref": "Profile"},
            ServiceRole={"Ref": "Service"},
            ReleaseLabel="emr-7.13.0",
            Instances=instances,
        ),
    }


@pytest.fixture
def resources(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    """To be changed by a test, and deployed."""
    assert endpoint.addresses
    yield template()
    boto3.client("cloudformation").delete_stack(StackName="small")


def deploy(resources: dict[str, Any]) -> None:
    body = json.dumps({"Resources": resources})
    boto3.client("cloudformation").create_stack(StackName="small", TemplateBody=body)


def refusal(resources: dict[str, Any]) -> str:
    with pytest.raises(boto3.client("cloudformation").exceptions.ClientError) as refused:
        deploy(resources)
    return str(refused.value)


def test_a_cluster_of_tagged_parts_whose_role_may_be_passed_starts(resources: dict[str, Any]) -> None:
    deploy(resources)
    (cluster,) = boto3.client("emr").list_clusters()["Clusters"]
    assert cluster["Name"] == "small"


@pytest.mark.parametrize(("part", "action"), [("Subnet", "ec2:RunInstances"), ("Group", "ec2:RunInstances")])
def test_awss_own_policy_admits_only_what_has_emrs_tag(
    resources: dict[str, Any], part: str, action: str
) -> None:
    del resources[part]["Properties"]["Tags"]
    said = refusal(resources)
    assert "EMR cannot start the cluster small" in said
    assert f"is not authorized to perform: {action}" in said


def test_without_awss_own_policy_nothing_starts(resources: dict[str, Any]) -> None:
    del resources["Service"]["Properties"]["ManagedPolicyArns"]
    assert "is not authorized to perform: ec2:RunInstances" in refusal(resources)


def test_the_role_of_the_nodes_has_to_be_passed_to_ec2(resources: dict[str, Any]) -> None:
    (own,) = resources["Service"]["Properties"]["Policies"]
    own["PolicyDocument"]["Statement"][0]["Condition"] = {
        "StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}
    }
    assert (
        "is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/"
        in refusal(resources)
    )


def test_the_service_role_has_to_trust_emr(resources: dict[str, Any]) -> None:
    resources["Service"]["Properties"]["AssumeRolePolicyDocument"] = trust("ec2")
    assert "elasticmapreduce.amazonaws.com is not authorized to assume the service role" in refusal(resources)
