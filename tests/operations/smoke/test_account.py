"""What an account lacks is said before anything is spent, and what another deployment needs is left alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner, Result

from operations.__main__ import app
from operations.smoke.progress import Progress
from stacks.compute.library_archive import ARCHIVE_KEY, LOCK

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("endpoint", "signals")]

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
LIBRARIES = ("--context", f"{ARCHIVE_KEY}={LOCK}")
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
}


def smoke(folder: Path, *arguments: str) -> Result:
    """The answer to each question is no."""
    command = ["smoke", "--aws", "--size", "100kB", "--folder", str(folder), *arguments]
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, command, input="n\n")


@pytest.fixture
def bootstrapped() -> Iterator[None]:
    ssm = boto3.client("ssm")
    ssm.put_parameter(Name=BOOTSTRAP, Value="28", Type="String")
    yield
    ssm.delete_parameter(Name=BOOTSTRAP)


def test_nothing_is_deployed_without_the_word_aws() -> None:
    told = CliRunner().invoke(app, ["smoke"])
    assert told.exit_code == 1
    assert "costs money: give --aws" in told.stderr


def test_without_a_region_the_command_says_how_to_give_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert "no region is given: set AWS_REGION" in smoke(tmp_path).stderr


def test_without_credentials_the_command_says_how_to_give_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    boto3.setup_default_session()  # the one before remembers its credentials
    told = smoke(tmp_path)
    boto3.setup_default_session()
    assert "no AWS credentials were found: set AWS_PROFILE" in told.stderr


def test_credentials_that_are_not_known_are_not_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    boto3.setup_default_session()
    told = smoke(tmp_path)
    boto3.setup_default_session()
    assert "AWS does not accept the credentials (InvalidClientTokenId)" in told.stderr


def test_a_region_without_the_powertools_layer_comes_before_all_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.delenv(
        "AWS_DEFAULT_REGION"
    )  # boto3 reads this one, the CDK CLI both: AWS_REGION alone has to do
    boto3.setup_default_session()
    layer = "arn:aws:lambda:eu-central-1:123456789012:layer:Powertools:1"
    without, given = smoke(tmp_path), smoke(tmp_path, "--context", f"powertools_layer={layer}")
    boto3.setup_default_session()
    assert without.exit_code == 1
    assert "eu-central-1 has no parameter /aws/service/powertools/python/" in without.stderr
    assert "is not prepared for the CDK" in given.stderr


def test_an_account_that_is_not_bootstrapped_is_told_the_command(tmp_path: Path) -> None:
    told = smoke(tmp_path, *LIBRARIES)
    assert "run `cdk bootstrap aws://123456789012/us-east-1 --bootstrap-customer-key` once" in told.stderr


@pytest.mark.usefixtures("bootstrapped")
def test_the_price_is_told_and_without_a_yes_nothing_is_done(tmp_path: Path) -> None:
    told = smoke(tmp_path, *LIBRARIES)
    assert told.exit_code == 1
    assert "2 x m5.xlarge (EMR) and 1 x ra3.large (Redshift)" in told.output
    assert "An hour of it costs about $1.02 by list prices of us-east-1" in told.output
    assert "`pipeline teardown --aws --with-data --name goodreads-smoke`" in told.output
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []


@pytest.mark.usefixtures("bootstrapped")
def test_a_setting_that_is_not_allowed_is_told_before_anything_is_done(tmp_path: Path) -> None:
    told = smoke(tmp_path, *LIBRARIES, "--context", "emr_core_count=0")
    assert told.exit_code == 1
    assert "emr_core_count = '0' is not allowed" in told.stderr


@pytest.mark.usefixtures("bootstrapped")
def test_a_deployment_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    client = boto3.client("cloudformation")
    client.create_stack(
        StackName="goodreads-smoke-storage", TemplateBody=json.dumps({"Resources": {"Table": TABLE}})
    )
    told = smoke(tmp_path, *LIBRARIES)
    client.delete_stack(StackName="goodreads-smoke-storage")
    assert "there is a deployment called goodreads-smoke already (goodreads-smoke-storage)" in told.stderr


@pytest.mark.usefixtures("bootstrapped")
def test_buckets_that_an_earlier_deployment_has_left_are_named(tmp_path: Path) -> None:
    bucket = "goodreads-smoke-logs-123456789012-us-east-1"
    boto3.client("s3").create_bucket(Bucket=bucket)
    told = smoke(tmp_path, *LIBRARIES)
    boto3.client("s3").delete_bucket(Bucket=bucket)
    assert f"has left {bucket}, which would be in the way" in told.stderr


def test_a_test_that_was_begun_in_another_account_does_not_go_on_in_this_one(tmp_path: Path) -> None:
    facts = {"account": "210987654321", "region": "us-east-1", "context": [], "window": {}}
    begun = Progress.begin(tmp_path / "goodreads-smoke", facts)
    begun.enter("deploy", spends=True)
    told = smoke(tmp_path)
    assert (
        "was begun in account 210987654321, us-east-1, and the credentials lead to 123456789012"
        in told.stderr
    )
