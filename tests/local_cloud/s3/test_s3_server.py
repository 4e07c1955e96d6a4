"""One folder, seen as S3, as moto's S3 and as files."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from local_cloud.identity import Keys, session
from local_cloud.s3.server import S3Server
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.killed_client import ask_and_die, meet_a_mistake
from tests.local_cloud.roles import role

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TEMPLATE = """{"Resources": {"Zone": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "zone-of-the-stack"}}}}"""


@pytest.fixture
def s3(endpoint: Endpoint) -> "S3Client":
    """A client of the S3 server."""
    return boto3.client("s3", endpoint_url=endpoint.addresses.s3_url)


@pytest.fixture
def moto_s3(endpoint: Endpoint) -> "S3Client":
    """A client of moto's S3, which CloudFormation and Lambda read from."""
    return boto3.client("s3", endpoint_url=endpoint.addresses.url)


def names(s3: "S3Client") -> set[str]:
    return {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}


def test_a_bucket_that_moto_makes_is_a_folder_and_a_bucket_of_the_server(
    endpoint: Endpoint, s3: "S3Client", moto_s3: "S3Client"
) -> None:
    moto_s3.create_bucket(Bucket="made-by-moto")
    assert (endpoint.state.buckets / "made-by-moto").is_dir()
    assert "made-by-moto" in names(s3)


def test_a_bucket_with_a_name_that_is_not_allowed_leaves_no_folder(
    endpoint: Endpoint, moto_s3: "S3Client"
) -> None:
    with pytest.raises(ClientError, match="InvalidBucketName"):
        moto_s3.create_bucket(Bucket="ab")
    assert not (endpoint.state.buckets / "ab").exists()


def test_a_bucket_that_holds_objects_cannot_be_deleted_until_they_are(
    endpoint: Endpoint, s3: "S3Client", moto_s3: "S3Client"
) -> None:
    moto_s3.create_bucket(Bucket="full")
    s3.put_object(Bucket="full", Key="run=1/part.csv", Body=b"1")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        moto_s3.delete_bucket(Bucket="full")
    s3.delete_object(Bucket="full", Key="run=1/part.csv")
    moto_s3.delete_bucket(Bucket="full")
    assert not (endpoint.state.buckets / "full").exists()
    assert "full" not in names(s3) | names(moto_s3)


def test_a_bucket_that_never_was_cannot_be_deleted(moto_s3: "S3Client") -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        moto_s3.delete_bucket(Bucket="never-was")


def test_cloudformation_reads_a_template_that_was_uploaded_to_the_server(
    endpoint: Endpoint, s3: "S3Client", moto_s3: "S3Client"
) -> None:
    moto_s3.create_bucket(Bucket="assets")
    s3.put_object(Bucket="assets", Key="template.json", Body=TEMPLATE.encode())
    url = "https://s3.us-east-1.amazonaws.com/assets/template.json"  # as the CDK CLI writes it
    boto3.client("cloudformation").create_stack(StackName="from-s3", TemplateURL=url)
    assert (endpoint.state.buckets / "zone-of-the-stack").is_dir()


def test_lambda_takes_code_that_was_uploaded_to_the_server(
    endpoint: Endpoint, s3: "S3Client", moto_s3: "S3Client"
) -> None:
    moto_s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="code.zip", Body=b"twelve bytes")
    made = boto3.client("lambda", endpoint_url=endpoint.addresses.url).create_function(
        FunctionName="from-s3",
        Role=role("function", "lambda.amazonaws.com"),
        Runtime="python3.14",
        Handler="app.handler",
        Code={"S3Bucket": "code", "S3Key": "code.zip"},
    )
    assert made["CodeSize"] == 12


def test_an_object_that_is_not_in_the_folder_is_moto_s_to_answer_for(moto_s3: "S3Client") -> None:
    moto_s3.create_bucket(Bucket="of-moto")
    with pytest.raises(ClientError, match="NoSuchKey"):
        moto_s3.get_object(Bucket="of-moto", Key="nothing")


@pytest.mark.parametrize(
    "key",
    [
        "reviews/2020-02-19T21-38.csv",
        "with space/a b.csv",
        "plus+sign.csv",
        "percent%20encoded 100%.csv",
        "größe/日本.csv",
        "run=2020-02-19T21-38-16-690/part,1&2?.csv",
    ],
)
def test_odd_keys_are_written_listed_read_copied_and_deleted(
    endpoint: Endpoint, s3: "S3Client", key: str
) -> None:
    bucket = endpoint.state.buckets / "odd-keys"
    bucket.mkdir(exist_ok=True)
    s3.put_object(Bucket="odd-keys", Key=key, Body=b"rows")
    assert (bucket / key).read_bytes() == b"rows"
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="odd-keys")["Contents"]] == [key]
    assert s3.get_object(Bucket="odd-keys", Key=key)["Body"].read() == b"rows"
    s3.copy({"Bucket": "odd-keys", "Key": key}, "odd-keys", f"copy of {key}")
    assert (bucket / f"copy of {key}").read_bytes() == b"rows"
    for each in (key, f"copy of {key}"):
        s3.delete_object(Bucket="odd-keys", Key=each)
    assert "Contents" not in s3.list_objects_v2(Bucket="odd-keys")


def test_a_bucket_answers_what_the_cdk_cli_asks_before_it_uploads(endpoint: Endpoint, s3: "S3Client") -> None:
    (endpoint.state.buckets / "asked").mkdir()
    assert s3.get_bucket_location(Bucket="asked")["LocationConstraint"] is None
    rules = s3.get_bucket_encryption(Bucket="asked")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]


@pytest.mark.parametrize("question", ["get_bucket_location", "get_bucket_encryption"])
def test_a_bucket_that_does_not_exist_has_no_answers(s3: "S3Client", question: str) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        getattr(s3, question)(Bucket="never-was")


def test_a_session_reaches_the_server_and_a_request_of_nobody_is_refused(endpoint: Endpoint) -> None:
    arn = role("reads-buckets", "lambda.amazonaws.com")

    def refused(client: Any) -> str:
        with pytest.raises(ClientError) as error:
            client.list_buckets()
        return str(error.value.response["Error"]["Code"])

    address: dict[str, Any] = {"endpoint_url": endpoint.addresses.s3_url}
    assert "Buckets" in session(arn, "now").client("s3", **address).list_buckets()
    assert refused(session(arn, "then", seconds=0).client("s3", **address)) == "ExpiredToken"
    assert refused(Keys("ASIAAAAAAAAAAAAAAAAA", "secret").client("s3", **address)) == "InvalidAccessKeyId"
    assert refused(boto3.client("s3", config=Config(signature_version=UNSIGNED), **address)) == "AccessDenied"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    """A server of no bucket, which asks nobody who it is."""
    server = S3Server(tmp_path)
    server.start()
    yield server
    server.stop()


def test_a_client_that_is_killed_is_not_told_about(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_and_die(server.url, monkeypatch)
    assert capsys.readouterr().err == ""


def test_a_mistake_of_the_servers_own_is_told(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    meet_a_mistake(server.url, monkeypatch)
    assert "ZeroDivisionError" in capsys.readouterr().err
