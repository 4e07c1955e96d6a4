"""Roles for tests whose subject is not what a role may do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import boto3
from moto.redshift.models import redshift_backends

_ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def role(name: str, *services: str) -> str:
    """The ARN of a role that may do anything; the services assume it, and roles of the account.

    It is made if an earlier test has not.
    """
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": list(services), "AWS": "arn:aws:iam::123456789012:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = boto3.client("iam")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="anything", PolicyDocument=json.dumps(_ANYTHING))
    arn: str = iam.get_role(RoleName=name)["Role"]["Arn"]
    return arn


@contextmanager
def attached(role_arn: str) -> Iterator[None]:
    """Within the block the Redshift cluster has the role; moto lacks ModifyClusterIamRoles."""
    (cluster,) = redshift_backends["123456789012"]["us-east-1"].clusters.values()
    cluster.iam_roles_arn.append(role_arn)
    boto3.client("iam").tag_role(
        RoleName=role_arn.rpartition("/")[2], Tags=[]
    )  # a change: the cluster is read again
    yield
    cluster.iam_roles_arn.remove(role_arn)
