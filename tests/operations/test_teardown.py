"""`pipeline teardown` asks first, says what stays and what it costs, and keeps away from a deployment that works."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner, Result

from local_cloud.endpoint import serving
from local_cloud.state import StateFolder
from operations.__main__ import app
from operations.teardown import Kept
from tests.local_cloud.conftest import environment_restored

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("signals")]

WAITING = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
LANDING = "goodreads-landing-123456789012-us-east-1"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A deployment of one stack, the storage with landing alone, which holds two gigabytes."""
    folder = StateFolder(tmp_path_factory.mktemp("state"))
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": LANDING}, "DeletionPolicy": "Retain"}
    with environment_restored(), serving(folder, "test"):
        boto3.client("cloudformation").create_stack(
            StackName="goodreads-storage", TemplateBody=json.dumps({"Resources": {"Landing": bucket}})
        )
        with (folder.buckets / LANDING / "author.csv").open("wb") as file:
            file.truncate(2 * 10**9)  # takes no room
        yield folder.root


def teardown(state: Path, *arguments: str, answer: str = "") -> Result:
    runner = CliRunner(env={"COLUMNS": "200"})
    return runner.invoke(app, ["teardown", "--state", str(state), *arguments], input=answer)


def stacks() -> list[str]:
    return [stack["StackName"] for stack in boto3.client("cloudformation").describe_stacks()["Stacks"]]


def test_what_stays_is_told_with_its_cost_and_nothing_is_deleted_without_a_yes(state: Path) -> None:
    told = teardown(state, answer="n\n")
    assert told.exit_code == 1
    assert LANDING in told.output
    assert "2.0 GB" in told.output
    assert "0.05" in told.output
    assert stacks() == ["goodreads-storage"]


def test_a_deployment_with_an_active_run_is_left_alone(state: Path) -> None:
    client = boto3.client("stepfunctions")
    machine = client.create_state_machine(
        name="goodreads", definition=json.dumps(WAITING), roleArn="arn:aws:iam::123456789012:role/any"
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, name="busy")["executionArn"]
    told = teardown(state, "--yes")
    client.stop_execution(executionArn=execution)
    client.delete_state_machine(stateMachineArn=machine)
    assert told.exit_code == 1
    assert "busy is running: wait for its end, or stop it" in told.stderr
    assert stacks() == ["goodreads-storage"]


def test_another_name_is_not_found(state: Path) -> None:
    told = teardown(state, "--yes", "--name", "other")
    assert "there is no deployment called other" in told.stderr


def test_without_an_endpoint_nothing_is_deployed(tmp_path: Path) -> None:
    told = teardown(tmp_path, "--yes")
    assert told.exit_code == 1
    assert "so nothing is deployed there" in told.stderr


def test_a_terabyte_of_archive_costs_what_s3_asks() -> None:
    assert Kept("bucket", "working", "the archive", 10**12).dollars == pytest.approx(23)
