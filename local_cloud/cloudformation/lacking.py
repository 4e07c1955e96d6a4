"""What moto's CloudFormation cannot do with types of this application: updates in place, and deletions."""

from collections.abc import Callable, Sequence
from typing import Any

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


def _change_retention(group: Any, properties: Any, account_id: str, region_name: str) -> None:
    days = properties.get("RetentionInDays")
    logs_backends[account_id][region_name].put_retention_policy(group.name, days)
