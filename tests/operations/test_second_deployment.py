"""The application's own stacks: deployed, changed, torn down, and deployed again under the same name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from local_cloud import deploy
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.endpoint import serving
from local_cloud.errors import LocalCloudError
from local_cloud.state import StateFolder
from local_cloud.synthesis import synthesize
from operations.__main__ import app
from tests.assemblies import assembly
from tests.local_cloud.conftest import environment_restored

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("signals")]

STACKS = ("storage", "network", "warehouse", "compute", "pipeline", "monitoring")
KEPT = ("landing", "working", "quarantine", "reports", "logs")
CHANGED = {
    "schedule": "cron(0 7 * * ? *)",
    "schedule_timezone": "Europe/Berlin",
    "emr_core_count": "3",
    "emr_generation": "2",
    "redshift_node_type": "ra3.xlplus",
    "redshift_node_count": "3",
    "log_retention_days": "60",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StateFolder]:
    found = StateFolder(tmp_path / "state")
    with environment_restored(), serving(found, "test"):
        yield found


def change(assembly: Path) -> None:
    """Update each stack as `cdk deploy` does, in the order of their dependencies."""
    client = boto3.client("cloudformation")
    for stack in STACKS:
        text = (assembly / f"goodreads-{stack}.template.json").read_text()
        previous = [
            {"ParameterKey": key, "UsePreviousValue": True} for key in json.loads(text).get("Parameters", {})
        ]
        if stack != "network":  # nothing has changed there
            client.update_stack(StackName=f"goodreads-{stack}", TemplateBody=text, Parameters=previous)


def cluster_of_the_step() -> Any:
    client = boto3.client("stepfunctions")
    (machine,) = client.list_state_machines()["stateMachines"]
    definition = client.describe_state_machine(stateMachineArn=machine["stateMachineArn"])["definition"]
    return json.loads(definition)["States"]["TransformToProcessed"]["Parameters"]["ClusterId"]


def bucket(zone: str) -> str:
    return f"goodreads-{zone}-{ACCOUNT}-{REGION}"


def test_a_deployment_is_changed_torn_down_and_made_again(
    folder: StateFolder, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = assembly(tmp_path_factory, {})
    synthesize(tmp_path / "second", CHANGED)
    deploy.apply(first, ACCOUNT, REGION)
    cluster = cluster_of_the_step()

    change(tmp_path / "second")
    rules = boto3.client("events").list_rules()["Rules"]
    assert [rule["Name"] for rule in rules if "ScheduleExpression" in rule] == []
    (schedule,) = boto3.client("scheduler").list_schedules()["Schedules"]
    assert schedule["GroupName"] == "goodreads"
    (redshift,) = boto3.client("redshift").describe_clusters()["Clusters"]
    found = (redshift["ClusterIdentifier"], redshift["NodeType"], redshift["NumberOfNodes"])
    assert found == ("goodreads", "ra3.xlplus", 3)
    identifier = boto3.client("ssm").get_parameter(Name="/goodreads/emr-cluster-id")["Parameter"]["Value"]
    assert cluster_of_the_step() == identifier != cluster

    (folder.buckets / bucket("processed") / "part").write_bytes(b"rows")
    (folder.buckets / bucket("landing") / "author.csv").write_bytes(b"a" * 1000)
    told = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["teardown", "--yes", "--state", str(folder.root)])
    assert told.exit_code == 0, told.output
    assert all(bucket(zone) in told.output for zone in KEPT)
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []
    assert not (folder.buckets / bucket("processed")).exists()
    assert (folder.buckets / bucket("landing") / "author.csv").exists()
    (snapshot,) = boto3.client("redshift").describe_cluster_snapshots(SnapshotType="manual")["Snapshots"]
    assert snapshot["ClusterIdentifier"] == "goodreads"

    with pytest.raises((LocalCloudError, boto3.client("s3").exceptions.ClientError)) as refused:
        deploy.apply(first, ACCOUNT, REGION)  # the kept buckets are in its way
    assert "requested bucket name is not available" in str(refused.value)
