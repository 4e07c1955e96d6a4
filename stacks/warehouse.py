"""The Redshift cluster, and the role with which COPY reads the processed zone."""

import json
from typing import Any

from aws_cdk import Annotations, CfnDeletionPolicy, CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_redshift as redshift
from constructs import Construct

from sql.rights import READERS
from stacks.grants import OF_RUNS, grant_read
from stacks.nag import accept
from stacks.network import NetworkStack
from stacks.settings.settings import Settings
from stacks.storage import StorageStack

_SNAPSHOT_DAYS = 7


class WarehouseStack(Stack):
    """An encrypted cluster without a public address; deleting it leaves a final snapshot.

    AWS keeps and rotates the master password, and nobody reads it. The pipeline signs in as `user`, and once as `admin_user`, with
    temporary credentials (`redshift:GetClusterCredentials`); a policy for them needs `credential_arns`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        network: NetworkStack,
        storage: StorageStack,
    ) -> None:
        super().__init__(scope, construct_id)
        self.cluster_identifier = settings.name
        self.database = settings.redshift_database
        self.user = settings.redshift_user
        self.admin_user = settings.redshift_admin_user
        self.copy_role = self._copy_role(storage)
        self.cluster = self._cluster(settings, network, storage)
        self.cluster.cfn_options.deletion_policy = CfnDeletionPolicy.SNAPSHOT
        self.cluster.cfn_options.update_replace_policy = CfnDeletionPolicy.SNAPSHOT
        self._warn_of_replacement(settings)
        self._warn_of_scaling(settings)
        readers = self._readers_policy()
        CfnOutput(
            self,
            "ReadersPolicyArn",
            value=readers.managed_policy_arn,
            description="for the IAM users and roles of pipeline readers",
        )
        CfnOutput(
            self, "ClusterIdentifier", value=self.cluster_identifier, description="the Redshift cluster"
        )
        CfnOutput(
            self, "CopyRoleArn", value=self.copy_role.role_arn, description="the role COPY reads files with"
        )

    @property
    def cluster_arn(self) -> str:
        """The resource of `redshift-data:*Statement` policies."""
        return self._arn(f"cluster:{self.cluster_identifier}")

    @property
    def database_arn(self) -> str:
        """The resource of a `redshift:GetClusterCredentialsWithIAM` policy: this database."""
        return self._arn(f"dbname:{self.cluster_identifier}/{self.database}")

    def credential_arns(self, user: str) -> list[str]:
        """The resources of a `redshift:GetClusterCredentials` policy: a user, in this database."""
        return [self._arn(f"dbuser:{self.cluster_identifier}/{user}"), self.database_arn]

    def _arn(self, resource: str) -> str:
        return self.format_arn(service="redshift", resource=resource)

    def _readers_policy(self) -> iam.ManagedPolicy:
        """What a person needs to ask the warehouse as the database user that stands for the person's own identity, and as no other."""
        policy = iam.ManagedPolicy(
            self,
            "Readers",
            description="ask the warehouse through the Data API as a reader",
            statements=[
                iam.PolicyStatement(
                    actions=["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"],
                    resources=[self.cluster_arn],
                ),
                iam.PolicyStatement(
                    actions=["redshift:GetClusterCredentialsWithIAM"], resources=[self.database_arn]
                ),
                iam.PolicyStatement(
                    actions=[
                        f"redshift-data:{action}"
                        for action in ("DescribeStatement", "CancelStatement", "GetStatementResult")
                    ],
                    resources=["*"],
                ),
            ],
        )
        accept(
            policy,
            "AwsSolutions-IAM5[Resource::*]",
            reason="Describe, cancel and read know no narrower resource than `*`; only the caller's own statements answer to them.",
        )
        return policy

    def _copy_role(self, storage: StorageStack) -> iam.Role:
        """Every user of the cluster may name the role; Redshift takes it only for the pipeline's own.

        Redshift Management Guide, "Restricting access to IAM roles".
        """
        own = {"StringEquals": {"sts:ExternalId": self._arn(f"dbuser:{self.cluster_identifier}/{self.user}")}}
        role = iam.Role(
            self,
            "CopyRole",
            assumed_by=iam.ServicePrincipal("redshift.amazonaws.com").with_conditions(own),
        )
        for zone in (
            storage.working,
            storage.processed,
        ):  # COPY reads the list of landed files and the run's rows
            grant_read(role, zone, OF_RUNS)
        return role

    def _cluster(
        self, settings: Settings, network: NetworkStack, storage: StorageStack
    ) -> redshift.CfnCluster:
        nodes = settings.nodes
        subnets = redshift.CfnClusterSubnetGroup(
            self,
            "Subnets",
            description=f"isolated subnets of {settings.name}",
            subnet_ids=[subnet.subnet_id for subnet in network.vpc.isolated_subnets],
        )
        cluster = redshift.CfnCluster(
            self,
            "Cluster",
            cluster_identifier=self.cluster_identifier,
            cluster_type="multi-node" if nodes.count > 1 else "single-node",
            node_type=nodes.type,
            number_of_nodes=nodes.count if nodes.count > 1 else None,  # AWS refuses the number 1
            db_name=settings.redshift_database,
            port=settings.redshift_port,
            master_username=settings.redshift_admin_user,
            manage_master_password=True,
            encrypted=True,
            publicly_accessible=False,
            enhanced_vpc_routing=True,
            allow_version_upgrade=True,
            automated_snapshot_retention_period=_SNAPSHOT_DAYS,
            cluster_parameter_group_name=self._parameters(settings).ref,
            cluster_subnet_group_name=subnets.ref,
            vpc_security_group_ids=[network.redshift.security_group_id],
            iam_roles=[self.copy_role.role_arn],
            logging_properties=redshift.CfnCluster.LoggingPropertiesProperty(
                bucket_name=storage.logs.bucket_name, s3_key_prefix="redshift/"
            ),
        )
        # COPY fails if the role's policy comes later
        cluster.node.add_dependency(self.copy_role)
        return cluster

    def _parameters(self, settings: Settings) -> redshift.CfnClusterParameterGroup:
        values = {
            "require_ssl": "true",
            "enable_user_activity_logging": "true",
            "wlm_json_configuration": json.dumps(_queues(settings)),
            "max_concurrency_scaling_clusters": str(settings.redshift_scaling_clusters),
        }
        return redshift.CfnClusterParameterGroup(
            self,
            "Parameters",
            description="TLS only, statements audited",
            parameter_group_family="redshift-1.0",
            parameters=[
                redshift.CfnClusterParameterGroup.ParameterProperty(
                    parameter_name=name, parameter_value=value
                )
                for name, value in values.items()
            ],
        )

    def _warn_of_replacement(self, settings: Settings) -> None:
        asked = f"{settings.redshift_node_count} x {settings.redshift_node_type}"
        if str(settings.nodes) == asked:
            return
        Annotations.of(self.cluster).add_warning_v2(
            "goodreads:retired-node-type",
            f"asked for {asked}, deploying {settings.nodes}, which AWS names as the replacement: it creates no dc2 or ds2 "
            "clusters any more (dc2: none since 2025-05-15, ended 2026-04-24). Set redshift_node_type and "
            "redshift_node_count to choose for yourself, or allow_retired_node_types=true to deploy as asked.",
        )

    def _warn_of_scaling(self, settings: Settings) -> None:
        if settings.redshift_scaling_clusters and not settings.nodes.scales:
            Annotations.of(self.cluster).add_warning_v2(
                "goodreads:no-concurrency-scaling",
                f"readers of {settings.nodes} wait for each other however many they are: redshift_scaling_clusters has no effect there, as "
                "Redshift scales only clusters of two or more nodes of ra3.xlplus and larger (Redshift Database Developer Guide, "
                "'Concurrency scaling candidates'). Set redshift_node_type, or redshift_scaling_clusters=0 if that is meant.",
            )


def _queues(settings: Settings) -> list[dict[str, Any]]:
    """Redshift's queues: that of the readers, who wait for the pipeline and not the pipeline for them, and that of everybody else.

    Automatic WLM gives a queue of higher priority more of the cluster ("Query priority" in Redshift's Database Developer Guide). The
    last queue is the default queue. The names of the properties are in "Workload management" of the Management Guide.
    """
    automatic = {"auto_wlm": True, "queue_type": "auto"}
    return [
        {
            **automatic,
            "name": "readers",
            "user_role": [READERS],
            "priority": settings.redshift_readers_priority,
            "concurrency_scaling": "auto" if settings.redshift_scaling_clusters else "off",
        },
        {**automatic, "name": "Default queue", "priority": "high", "concurrency_scaling": "off"},
        {"short_query_queue": True},
    ]
