"""What EMR does as its service role when a cluster starts, as far as policies decide about it: no node starts here.

EMR Management Guide, "Service role for Amazon EMR (EMR role)" and "Using tagged resources ... with the v2 managed policies": EMR takes the
role, passes the nodes' role to EC2, and starts instances and network interfaces in the subnet and the security groups; the AWS-managed
policy admits those only if they have EMR's tag. AWS makes the cluster and terminates it with the reason; here the creation is refused.
"""

from collections.abc import Iterator
from typing import Any

from moto.iam.models import iam_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.iam import Caller, Judge
from local_cloud.iam.policies import Call

_EMR, _EC2 = "elasticmapreduce.amazonaws.com", "ec2.amazonaws.com"


def reason_not_to_start(judge: Judge, cluster: Any, role_of_nodes: str) -> str:
    """Why EMR cannot start the nodes of a cluster of moto's; empty if it can."""
    judge.changed()  # the roles may be of the stack that is being made
    found = [
        role
        for role in iam_backends[ACCOUNT]["aws"].roles.values()
        if cluster.service_role in {role.name, role.arn}
    ]
    if not found:
        return ""  # a cluster that nobody's template has made: its roles are not known here
    role = found[0].arn
    if not judge.trusts(role, _EMR, cluster.arn):
        return f"{_EMR} is not authorized to assume the service role {role}"
    caller = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{found[0].name}/CCSSession", ACCOUNT, role=role)
    decisions = judge.decisions(caller, _calls(cluster, role_of_nodes))
    return next((decision.message for decision in decisions if not decision.allowed), "")


def _calls(cluster: Any, role_of_nodes: str) -> Iterator[Call]:
    if role_of_nodes:
        yield Call("iam:PassRole", role_of_nodes, {"iam:passedtoservice": _EC2})
    nodes = [cluster.master_security_group, cluster.slave_security_group]
    for group in filter(None, nodes):
        yield Call("ec2:RunInstances", _arn("security-group", group))
    if cluster.ec2_subnet_id:
        yield Call("ec2:RunInstances", _arn("subnet", cluster.ec2_subnet_id))
        yield Call("ec2:CreateNetworkInterface", _arn("subnet", cluster.ec2_subnet_id))
    if cluster.service_access_security_group:
        yield Call(
            "ec2:CreateNetworkInterface", _arn("security-group", cluster.service_access_security_group)
        )


def _arn(kind: str, identifier: str) -> str:
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:{kind}/{identifier}"
