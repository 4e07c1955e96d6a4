from typing import Any

import pytest

from tests.stacks.deployments import Deployment

WARNING = "Annotation::goodreads:retired-node-type"
NO_SCALING = "Annotation::goodreads:no-concurrency-scaling"


@pytest.fixture
def cluster(deployment: Deployment) -> dict[str, Any]:
    (resource,) = deployment.resources("warehouse", "Redshift::Cluster")
    return resource


def test_the_retired_default_is_deployed_as_two_ra3_large_with_a_warning(
    deployment: Deployment, cluster: dict[str, Any]
) -> None:
    properties = cluster["Properties"]
    assert (properties["ClusterType"], properties["NodeType"], properties["NumberOfNodes"]) == (
        "multi-node",
        "ra3.large",
        2,
    )
    warning = deployment.findings[WARNING]
    assert warning.startswith("asked for 2 x dc2.large, deploying 2 x ra3.large, ")
    assert "none since 2025-05-15, ended 2026-04-24" in warning
    assert "allow_retired_node_types=true to deploy as asked" in warning


def test_retired_nodes_are_deployed_as_asked_where_that_is_allowed(changed: Deployment) -> None:
    (properties,) = changed.properties("warehouse", "Redshift::Cluster")
    assert (properties["ClusterType"], properties["NodeType"]) == ("single-node", "dc2.large")
    assert "NumberOfNodes" not in properties
    assert WARNING not in changed.findings


def test_nodes_that_redshift_does_not_scale_come_with_a_warning_that_names_the_source(
    deployment: Deployment, changed: Deployment
) -> None:
    assert deployment.findings[NO_SCALING].startswith("readers of 2 x ra3.large wait for each other")
    assert "'Concurrency scaling candidates'" in deployment.findings[NO_SCALING]
    assert changed.findings[NO_SCALING].startswith("readers of 1 x dc2.large wait")


def test_nodes_that_scale_and_deployments_that_need_not_come_without_that_warning(tuned: Deployment) -> None:
    assert NO_SCALING not in tuned.findings


def test_the_cluster_is_encrypted_and_private(cluster: dict[str, Any]) -> None:
    properties = cluster["Properties"]
    assert properties["Encrypted"] is True
    assert properties["PubliclyAccessible"] is False
    assert properties["EnhancedVpcRouting"] is True
    assert properties["Port"] == 5440


def test_aws_keeps_the_master_password(cluster: dict[str, Any]) -> None:
    assert cluster["Properties"]["ManageMasterPassword"] is True
    assert "MasterUserPassword" not in cluster["Properties"]


def test_connections_need_tls_and_statements_are_audited(
    deployment: Deployment, cluster: dict[str, Any]
) -> None:
    (group,) = deployment.properties("warehouse", "Redshift::ClusterParameterGroup")
    for name in ("require_ssl", "enable_user_activity_logging"):
        assert {"ParameterName": name, "ParameterValue": "true"} in group["Parameters"]
    assert cluster["Properties"]["LoggingProperties"]["S3KeyPrefix"] == "redshift/"


def test_a_reader_may_ask_as_oneself_and_as_nobody_else(deployment: Deployment) -> None:
    (policy,) = deployment.properties("warehouse", "IAM::ManagedPolicy")
    allowed = {
        action: statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
    }
    assert set(allowed) == {
        "redshift-data:ExecuteStatement",
        "redshift-data:BatchExecuteStatement",
        "redshift-data:DescribeStatement",
        "redshift-data:CancelStatement",
        "redshift-data:GetStatementResult",
        "redshift:GetClusterCredentialsWithIAM",
    }
    assert ":cluster:goodreads" in str(allowed["redshift-data:ExecuteStatement"])
    assert ":dbname:goodreads/goodreads" in str(allowed["redshift:GetClusterCredentialsWithIAM"])


def test_the_warehouse_of_the_last_week_can_be_brought_back(cluster: dict[str, Any]) -> None:
    assert cluster["Properties"]["AutomatedSnapshotRetentionPeriod"] == 7


def test_deleting_the_cluster_leaves_a_snapshot(cluster: dict[str, Any]) -> None:
    assert (cluster["DeletionPolicy"], cluster["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")


def test_copy_may_only_read_the_list_of_landed_files_and_the_rows_of_a_run(
    deployment: Deployment, cluster: dict[str, Any]
) -> None:
    (policy,) = deployment.properties("warehouse", "IAM::Policy")
    zones = set()
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Action"] in ("s3:ListBucket", "s3:GetObject")
        zones |= {
            resource.get("Fn::ImportValue") or resource["Fn::Join"][1][0]["Fn::ImportValue"]
            for resource in statement["Resource"]
        }
    assert {zone for zone in ("Landing", "Working", "Processed", "Quarantine") if zone in str(zones)} == {
        "Working",
        "Processed",
    }
    assert len(zones) == 2
    assert len(cluster["Properties"]["IamRoles"]) == 1
