import json
import re
from pathlib import Path
from typing import Any

import pytest

from stacks.compute.library_archive import ARCHIVE_KEY
from stacks.settings.settings import SettingsError
from tests.stacks.deployments import Deployment, synthesize


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
    assert cluster["StepConcurrencyLevel"] == 1  # what a run that timed out has left behind ends first
    assert cluster["Instances"]["UnhealthyNodeReplacement"] is True


def spark_defaults(cluster: dict[str, Any]) -> dict[str, Any]:
    (found,) = [c for c in cluster["Configurations"] if c["Classification"] == "spark-defaults"]
    properties: dict[str, Any] = found["ConfigurationProperties"]
    return properties


def test_driver_and_executors_know_in_which_region_the_buckets_are(cluster: dict[str, Any]) -> None:
    region = {"Ref": "AWS::Region"}
    assert spark_defaults(cluster)["spark.executorEnv.AWS_REGION"] == region
    (environment,) = [c for c in cluster["Configurations"] if c["Classification"] == "spark-env"]
    assert environment["Configurations"] == [
        {"Classification": "export", "ConfigurationProperties": {"AWS_REGION": region}}
    ]


def test_hadoop_asks_for_buckets_in_the_region_that_the_subnet_reaches(cluster: dict[str, Any]) -> None:
    (core_site,) = [c for c in cluster["Configurations"] if c["Classification"] == "core-site"]
    assert core_site["ConfigurationProperties"] == {"fs.s3a.endpoint.region": {"Ref": "AWS::Region"}}


def test_what_the_nodes_exchange_is_encrypted_by_spark_and_by_its_shuffle_service(
    cluster: dict[str, Any],
) -> None:
    (yarn_site,) = [c for c in cluster["Configurations"] if c["Classification"] == "yarn-site"]
    for properties in (spark_defaults(cluster), yarn_site["ConfigurationProperties"]):
        assert properties["spark.authenticate"] == properties["spark.network.crypto.enabled"] == "true"


def test_spark_starts_with_the_settings_the_job_insists_on(cluster: dict[str, Any]) -> None:
    defaults = spark_defaults(cluster)
    assert defaults["spark.sql.session.timeZone"] == "UTC"
    assert defaults["spark.sql.legacy.timeParserPolicy"] == "CORRECTED"
    assert defaults["spark.pyspark.python"] == "/opt/spark-job/bin/python"


def mebibytes(size: str) -> int:
    assert size.endswith("g")
    return 1024 * int(size[:-1])


def test_an_executor_and_the_application_master_fit_into_a_node_with_room_outside_of_the_heap(
    cluster: dict[str, Any],
) -> None:
    defaults = spark_defaults(cluster)
    heap, outside = (mebibytes(defaults[f"spark.executor.{part}"]) for part in ("memory", "memoryOverhead"))
    assert heap + outside + 896 <= 12288  # of YARN on an m5.xlarge
    assert outside / int(defaults["spark.executor.cores"]) >= 1536


def test_every_core_node_has_an_executor_from_the_start(deployment: Deployment, changed: Deployment) -> None:
    least = []
    for each in (deployment, changed):
        (cluster,) = each.properties("compute", "EMR::Cluster")
        least.append(spark_defaults(cluster)["spark.dynamicAllocation.minExecutors"])
    assert least == ["2", "5"]


def asset_uri(deployment: Deployment, suffix: str) -> dict[str, str]:
    """Where the one asset file with that suffix is in S3."""
    assets = json.loads((deployment.folder / "goodreads-compute.assets.json").read_text())["files"].values()
    files = [asset for asset in assets if asset["source"]["packaging"] == "file"]
    (found,) = [asset for asset in files if str(asset["source"]["path"]).endswith(suffix)]
    (destination,) = found["destinations"].values()
    return {"Fn::Sub": f"s3://{destination['bucketName']}/{destination['objectKey']}"}


def test_every_node_installs_the_jobs_libraries_before_it_takes_part(
    deployment: Deployment, cluster: dict[str, Any]
) -> None:
    (action,) = cluster["BootstrapActions"]
    assert action["ScriptBootstrapAction"] == {
        "Path": asset_uri(deployment, ".sh"),
        "Args": [
            {"Ref": "AWS::Region"},
            asset_uri(deployment, ".lock"),  # the list of the libraries stands in for them
            "/opt/spark-job",
            *("duckdb", "numpy", "pandas", "pyarrow.fs", "pyarrow.parquet"),
        ],
    }


@pytest.mark.parametrize("stack", ["pipeline", "monitoring"])
def test_no_stack_holds_on_to_a_cluster_that_is_to_be_replaced(deployment: Deployment, stack: str) -> None:
    (parameter,) = deployment.properties("compute", "SSM::Parameter")
    assert parameter["Name"] == "/goodreads/emr-cluster-id"
    assert parameter["Value"] == {"Ref": "Cluster"}
    template = deployment.template(stack)
    looked_up = [
        name
        for name, found in template["Parameters"].items()
        if (found["Type"], found["Default"]) == ("AWS::SSM::Parameter::Value<String>", parameter["Name"])
    ]
    assert len(looked_up) == 1
    assert json.dumps({"Ref": looked_up[0]}) in json.dumps(template["Resources"])
    assert "goodreads-compute:Export" not in json.dumps(template)
    artifacts = json.loads((deployment.folder / "manifest.json").read_text())["artifacts"]
    assert "goodreads-compute" in artifacts[f"goodreads-{stack}"]["dependencies"]


@pytest.mark.slow
def test_without_the_libraries_synthesis_names_the_command_that_downloads_them(tmp_path: Path) -> None:
    absent = tmp_path / "venv" / "job-libraries.zip"
    with pytest.raises(SettingsError) as told:
        synthesize(tmp_path / "out", **{ARCHIVE_KEY: str(absent)})
    assert str(told.value) == (
        "the Spark job's libraries, job-libraries.zip, were not found in venv: run `make setup`, which downloads them for "
        "the EMR nodes"
    )


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


@pytest.mark.parametrize("role", ["NodeRole", "ServiceRole"])
def test_emr_and_its_nodes_may_use_the_key_of_the_disks(deployment: Deployment, role: str) -> None:
    (policy,) = [p for p in deployment.properties("compute", "IAM::Policy") if role in p["PolicyName"]]
    granted = {
        action
        for statement in policy["PolicyDocument"]["Statement"]
        if "DiskKey" in json.dumps(statement["Resource"])
        for action in statement["Action"]
    }
    used = {f"kms:{name}" for name in ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey*", "ReEncrypt*")}
    assert used <= granted


def actions_by_zone(statements: list[dict[str, Any]]) -> dict[str, set[str]]:
    zones = ("Landing", "Working", "Processed", "Quarantine", "Logs", "cdk-hnb659fds-assets")
    granted: dict[str, set[str]] = {}
    for statement in statements:
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        for zone in zones:
            if zone in json.dumps(statement["Resource"]) and actions[0].startswith("s3:"):
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
    read, write = {"s3:ListBucket", "s3:GetObject"}, {"s3:PutObject", "s3:AbortMultipartUpload"}
    written = read | write | {"s3:DeleteObject"}
    written |= {"s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts"}
    assert granted == {
        "Working": read,
        "Processed": written,
        "Quarantine": written,
        "Logs": write,
        "cdk-hnb659fds-assets": {"s3:GetObject"},
    }


def test_a_node_reads_its_own_code_and_nothing_else_of_the_bucket_that_all_applications_share(
    deployment: Deployment,
) -> None:
    (policy,) = [p for p in deployment.properties("compute", "IAM::Policy") if "NodeRole" in p["PolicyName"]]
    assets = json.loads((deployment.folder / "goodreads-compute.assets.json").read_text())["files"].values()
    keys = {destination["objectKey"] for asset in assets for destination in asset["destinations"].values()}
    granted = re.findall(r'assets-[^"]*"}, "/([^"]+)"', json.dumps(policy["PolicyDocument"]))
    assert len(granted) == 4  # the job's script and packages, the libraries and the script that installs them
    assert set(granted) < keys


def asset_folder(deployment: Deployment) -> Path:
    assets = json.loads((deployment.folder / "goodreads-compute.assets.json").read_text())["files"].values()
    (zipped,) = [asset["source"]["path"] for asset in assets if asset["source"]["packaging"] == "zip"]
    return deployment.folder / str(zipped)


def test_the_code_of_the_job_is_exactly_the_packages_it_imports(deployment: Deployment) -> None:
    files = {
        str(path.relative_to(asset_folder(deployment))) for path in asset_folder(deployment).rglob("*.*")
    }
    assert {
        "catalog/__init__.py",
        "catalog/model.py",
        "spark_jobs/__init__.py",
        "spark_jobs/transform.py",
    } < files
    assert {name.split("/")[0] for name in files} == {"catalog", "contract", "spark_jobs"}
    assert not any("__pycache__" in name for name in files)
