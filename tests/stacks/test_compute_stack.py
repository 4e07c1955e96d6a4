import json
from pathlib import Path
from typing import Any

import pytest

from tests.stacks.deployments import Deployment


@pytest.fixture
def cluster(deployment: Deployment) -> dict[str, Any]:
    (properties,) = deployment.properties("compute", "EMR::Cluster")
    return properties


def hardware(cluster: dict[str, Any]) -> list[tuple[int, str, int]]:
    groups = [cluster["Instances"][f"{role}InstanceGroup"] for role in ("Master", "Core")]
    return [
        (
            group["InstanceCount"],
            group["InstanceType"],
            group["EbsConfiguration"]["EbsBlockDeviceConfigs"][0]["VolumeSpecification"]["SizeInGB"],
        )
        for group in groups
    ]


def test_the_cluster_is_three_m5_xlarge_with_64_gib_each(cluster: dict[str, Any]) -> None:
    assert hardware(cluster) == [(1, "m5.xlarge", 64), (2, "m5.xlarge", 64)]


def test_nodes_and_disks_follow_the_settings(changed: Deployment) -> None:
    (cluster,) = changed.properties("compute", "EMR::Cluster")
    assert hardware(cluster) == [(1, "m5.xlarge", 128), (5, "m5.xlarge", 128)]


def test_the_cluster_runs_spark_and_waits_for_the_next_step(cluster: dict[str, Any]) -> None:
    assert cluster["ReleaseLabel"] == "emr-7.13.0"
    assert cluster["Applications"] == [{"Name": "Hadoop"}, {"Name": "Spark"}]
    assert cluster["Instances"]["KeepJobFlowAliveWhenNoSteps"] is True
    assert cluster["StepConcurrencyLevel"] == 1


def test_spark_starts_with_the_settings_the_job_insists_on(cluster: dict[str, Any]) -> None:
    defaults = {c["Classification"]: c["ConfigurationProperties"] for c in cluster["Configurations"]}[
        "spark-defaults"
    ]
    assert defaults["spark.sql.session.timeZone"] == "UTC"
    assert defaults["spark.sql.legacy.timeParserPolicy"] == "CORRECTED"
    assert defaults["spark.pyspark.python"] == "/usr/bin/python3.11"


def test_the_managed_policy_of_emr_reaches_the_cluster(
    deployment: Deployment, cluster: dict[str, Any]
) -> None:
    assert {"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"} in cluster["Tags"]
    policies = [role.get("ManagedPolicyArns") for role in deployment.properties("compute", "IAM::Role")]
    assert "AmazonEMRServicePolicy_v2" in json.dumps(policies)


def test_disks_are_encrypted_and_only_the_second_metadata_version_answers(deployment: Deployment) -> None:
    (configuration,) = deployment.properties("compute", "EMR::SecurityConfiguration")
    protection = configuration["SecurityConfiguration"]
    disks = protection["EncryptionConfiguration"]["AtRestEncryptionConfiguration"][
        "LocalDiskEncryptionConfiguration"
    ]
    assert disks["EnableEbsEncryption"] is True
    assert protection["InstanceMetadataServiceConfiguration"]["MinimumInstanceMetadataServiceVersion"] == 2


def actions_by_zone(statements: list[dict[str, Any]]) -> dict[str, set[str]]:
    zones = ("Landing", "Working", "Processed", "Quarantine", "Logs", "cdk-hnb659fds-assets")
    granted: dict[str, set[str]] = {}
    for statement in statements:
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        for zone in zones:
            if zone in json.dumps(statement["Resource"]):
                granted.setdefault(zone, set()).update(actions)
    return granted


def test_the_job_reads_working_and_writes_processed_and_quarantine_and_no_more(
    deployment: Deployment,
) -> None:
    (policy,) = [
        policy
        for policy in deployment.properties("compute", "IAM::Policy")
        if "NodeRole" in policy["PolicyName"]
    ]
    granted = actions_by_zone(policy["PolicyDocument"]["Statement"])
    read = {"s3:GetObject*", "s3:GetBucket*", "s3:List*"}
    assert granted["Working"] == granted["cdk-hnb659fds-assets"] == read
    assert granted["Processed"] == granted["Quarantine"]
    assert {"s3:PutObject", "s3:DeleteObject*"} < granted["Processed"]
    assert "s3:PutObject" in granted["Logs"]
    assert "s3:GetObject*" not in granted["Logs"]
    assert "Landing" not in granted


def asset_folder(deployment: Deployment) -> Path:
    assets = json.loads((deployment.folder / "goodreads-compute.assets.json").read_text())["files"].values()
    (zipped,) = [asset["source"]["path"] for asset in assets if asset["source"]["packaging"] == "zip"]
    return deployment.folder / str(zipped)


def test_the_code_of_the_job_is_exactly_the_two_packages_it_imports(deployment: Deployment) -> None:
    files = {
        str(path.relative_to(asset_folder(deployment))) for path in asset_folder(deployment).rglob("*.*")
    }
    assert {
        "catalog/__init__.py",
        "catalog/model.py",
        "spark_jobs/__init__.py",
        "spark_jobs/transform.py",
    } < files
    assert {name.split("/")[0] for name in files} == {"catalog", "spark_jobs"}
    assert not any("__pycache__" in name for name in files)
