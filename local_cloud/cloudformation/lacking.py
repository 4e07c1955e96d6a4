"""What moto's CloudFormation cannot do with types of this application: updates in place, and deletions."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from moto.awslambda.models import Permission
from moto.awslambda.utils import get_backend
from moto.cloudformation.utils import random_suffix
from moto.ec2.models import ec2_backends
from moto.ec2.models.flow_logs import FlowLogs
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.vpcs import VPCEndPoint
from moto.logs.models import LogGroup, logs_backends
from moto.redshift.models import Cluster, ParameterGroup, SubnetGroup, redshift_backends

_OF_CLUSTERS = {
    "node_type": "NodeType",
    "cluster_type": "ClusterType",
    "number_of_nodes": "NumberOfNodes",
    "port": "Port",
}
"""What of a cluster changes in place, as moto and as CloudFormation name it."""


def add_what_types_lack() -> None:
    """Complete moto's classes."""
    _updates(Cluster, _modify_cluster)
    _updates(LogGroup, _change_retention)
    Cluster.delete = _delete_cluster
    SubnetGroup.delete = lambda group, *at: _redshift(at).subnet_groups.pop(group.cluster_subnet_group_name)
    ParameterGroup.delete = lambda group, *at: _redshift(at).parameter_groups.pop(
        group.cluster_parameter_group_name
    )
    RouteTable.delete = lambda table, *at: _ec2(at).route_tables.pop(table.id)
    VPCEndPoint.delete = lambda endpoint, *at: _ec2(at).vpc_end_points.pop(endpoint.id)
    FlowLogs.delete = lambda flow, *at: _ec2(at).flow_logs.pop(flow.id)
    Permission.create_from_cloudformation_json = classmethod(_create_permission)  # type: ignore[arg-type]
    Permission.delete = lambda permission, *_: permission.function.policy.del_statement(
        permission.physical_resource_id
    )


def _redshift(at: Sequence[str]) -> Any:
    return redshift_backends[at[0]][at[1]]


def _ec2(at: Sequence[str]) -> Any:
    return ec2_backends[at[0]][at[1]]


def _updates(model: Any, change: Callable[[Any, Any, str, str], None]) -> None:
    def update(_: type, original_resource: Any, new_resource_name: str, cloudformation_json: Any, account_id: str,  # noqa: ARG001
               region_name: str) -> Any:  # fmt: skip
        change(original_resource, cloudformation_json["Properties"], account_id, region_name)
        return original_resource

    model.update_from_cloudformation_json = classmethod(update)


def _modify_cluster(cluster: Any, properties: Any, account_id: str, region_name: str) -> None:
    members = {member: properties[name] for member, name in _OF_CLUSTERS.items() if name in properties}
    redshift_backends[account_id][region_name].modify_cluster(
        cluster_identifier=cluster.cluster_identifier, **members
    )


def _delete_cluster(cluster: Any, *at: str) -> None:
    """With a final snapshot, as the deletion policy Snapshot says."""
    name = cluster.cluster_identifier
    snapshot = f"{name}-cluster-{random_suffix().lower()}"
    _redshift(at).delete_cluster(
        cluster_identifier=name, skip_final_snapshot=False, final_cluster_snapshot_identifier=snapshot
    )


def _create_permission(model: Any, name: str, cloudformation_json: Any, *at: str, **_: Any) -> Any:
    """Without FunctionName, which moto puts into the function's policy: no statement has such an element."""
    properties = dict(cloudformation_json["Properties"])
    made = model(at[1])
    made.function = get_backend(*at).get_function(properties.pop("FunctionName"))
    made.physical_resource_id = name  # the id of the statement
    made.function.policy.add_statement(json.dumps({**properties, "StatementId": name}))
    return made


def _change_retention(group: Any, properties: Any, account_id: str, region_name: str) -> None:
    days = properties.get("RetentionInDays")
    logs_backends[account_id][region_name].put_retention_policy(group.name, days)
