"""A deployment is changed, torn down and made again, by the real CDK CLI."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from local_cloud.state import StateFolder
from operations.__main__ import app
from stacks import ROOT
from tests.e2e.conftest import cdk, served

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DEPLOY = ("deploy", "--all", "--method", "direct", "--require-approval", "never", "--concurrency", "4")
CHANGED = {
    "schedule": "cron(0 7 * * ? *)",
    "schedule_timezone": "Europe/Berlin",
    "alarm_email": "data@example.org",
    "emr_core_count": "3",
    "emr_generation": "2",
    "redshift_user": "another_one",
    "redshift_node_type": "ra3.xlplus",
    "redshift_node_count": "3",
    "log_retention_days": "60",
}
WITH_A_NEW_FUNCTION = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import app
from stacks.functions import Functions

grant = Functions._grant

def with_another_one(self, storage):
    self.look_around = self._function("look_around", memory_mb=128, minutes=1)
    grant(self, storage)

Functions._grant = with_another_one
app.main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateFolder]:
    found = StateFolder(tmp_path_factory.mktemp("state"))
    with served(found):
        cdk(found.root, "bootstrap")
        yield found


def with_settings(settings: dict[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("--context", f"{name}={value}")]


def functions() -> set[str]:
    found = boto3.client("lambda").list_functions()["Functions"]
    return {each["FunctionName"] for each in found}


def cluster_of_the_state_machine() -> Any:
    client = boto3.client("stepfunctions")
    (machine,) = client.list_state_machines()["stateMachines"]
    definition = client.describe_state_machine(stateMachineArn=machine["stateMachineArn"])["definition"]
    return json.loads(definition)["States"]["TransformToProcessed"]["Parameters"]["ClusterId"]


def test_a_deployment_is_changed_torn_down_and_made_again(folder: StateFolder, tmp_path: Path) -> None:
    changed, variant = with_settings(CHANGED), tmp_path / "variant.py"
    variant.write_text(WITH_A_NEW_FUNCTION)
    cdk(folder.root, *DEPLOY)
    synthesized = shutil.copytree(folder.root / "cdk.out", tmp_path / "cdk.out")
    first, cluster = functions(), cluster_of_the_state_machine()

    cdk(folder.root, *DEPLOY, *changed, "--app", f"python3 {variant}")
    assert functions() == first | {"goodreads-look-around"}
    rules = boto3.client("events").list_rules()["Rules"]
    assert [rule["Name"] for rule in rules if "ScheduleExpression" in rule] == []
    (schedule,) = boto3.client("scheduler").list_schedules()["Schedules"]
    assert schedule["GroupName"] == "goodreads"
    (redshift,) = boto3.client("redshift").describe_clusters()["Clusters"]
    found = (redshift["ClusterIdentifier"], redshift["NodeType"], redshift["NumberOfNodes"])
    assert found == ("goodreads", "ra3.xlplus", 3)
    identifier = boto3.client("ssm").get_parameter(Name="/goodreads/emr-cluster-id")["Parameter"]["Value"]
    assert cluster_of_the_state_machine() == identifier != cluster

    cdk(folder.root, *DEPLOY, *changed)
    assert functions() == first
    cdk(folder.root, "diff", "--method", "template", "--fail", *changed)  # synthesizes again

    (folder.buckets / "goodreads-processed-123456789012-us-east-1" / "part").write_bytes(b"rows")
    (folder.buckets / "goodreads-landing-123456789012-us-east-1" / "author.csv").write_bytes(b"a" * 1000)
    told = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["teardown", "--yes", "--state", str(folder.root)])
    assert told.exit_code == 0, told.output
    assert "goodreads-landing-123456789012-us-east-1" in told.output
    left = boto3.client("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in left] == ["CDKToolkit"]
    assert (folder.buckets / "goodreads-landing-123456789012-us-east-1" / "author.csv").exists()

    s3 = boto3.client("s3")
    s3.delete_object(Bucket="goodreads-landing-123456789012-us-east-1", Key="author.csv")
    for zone in ("landing", "working", "quarantine", "reports", "logs"):
        s3.delete_bucket(Bucket=f"goodreads-{zone}-123456789012-us-east-1")
    cdk(folder.root, *DEPLOY, "--app", str(synthesized))
    assert functions() == first
