"""Many deletions in one request: what S3 takes, does and tells."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from tests.local_cloud.conftest import Endpoint

BUCKET = "zone"


@pytest.fixture
def s3(endpoint: Endpoint) -> Iterator[S3Client]:
    """A client of the S3 server; the bucket holds a/1.csv, a/2.csv and b.csv."""
    (endpoint.state.buckets / BUCKET).mkdir(exist_ok=True)
    client: S3Client = boto3.client("s3", endpoint_url=endpoint.addresses.s3_url)
    for key in ("a/1.csv", "a/2.csv", "b.csv"):
        client.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    yield client
    client.close()


def keys(s3: S3Client) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def refused(s3: S3Client, objects: list[Any]) -> str:
    with pytest.raises(ClientError) as error:
        s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})
    return str(error.value.response["Error"]["Code"])


def test_each_object_is_deleted_under_its_own_condition(s3: S3Client) -> None:
    etag = s3.head_object(Bucket=BUCKET, Key="a/1.csv")["ETag"]
    asked: list[Any] = [
        {"Key": "a/1.csv", "ETag": etag},
        {"Key": "a/2.csv", "ETag": etag.strip('"')},
        {"Key": "b.csv"},
        {"Key": "none"},
        {"Key": "gone", "ETag": etag},
        {"Key": "not//a file"},
    ]

    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": asked})

    assert [entry["Key"] for entry in answer["Deleted"]] == ["a/1.csv", "b.csv", "none"]
    assert [(entry["Key"], entry["Code"]) for entry in answer["Errors"]] == [
        ("a/2.csv", "PreconditionFailed"),
        ("gone", "NoSuchKey"),
        ("not//a file", "InvalidArgument"),
    ]
    assert keys(s3) == ["a/2.csv"]


def test_the_folders_of_what_is_deleted_go_too_but_not_those_of_other_objects(
    s3: S3Client, endpoint: Endpoint
) -> None:
    s3.put_object(Bucket=BUCKET, Key="c/d/e.csv", Body=b"")
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "c/d/e.csv"}, {"Key": "a/1.csv"}]})
    assert not (endpoint.state.buckets / BUCKET / "c").exists()
    assert keys(s3) == ["a/2.csv", "b.csv"]


def test_a_quiet_request_is_told_of_errors_only(s3: S3Client) -> None:
    objects: list[Any] = [{"Key": "b.csv"}, {"Key": "a/1.csv", "ETag": "another"}]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects, "Quiet": True})
    assert "Deleted" not in answer
    assert [entry["Code"] for entry in answer["Errors"]] == ["PreconditionFailed"]


def test_a_request_takes_1000_keys_at_most_and_one_at_least(s3: S3Client) -> None:
    most: list[Any] = [{"Key": f"{number}"} for number in range(1000)]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": most})
    assert refused(s3, [*most, {"Key": "b.csv"}]) == "MalformedXML"
    assert refused(s3, []) == "MalformedXML"
    assert "b.csv" in keys(s3)


def test_a_condition_that_this_server_does_not_know_is_refused_and_not_passed_over(s3: S3Client) -> None:
    assert refused(s3, [{"Key": "b.csv"}, {"Key": "a/1.csv", "Size": 1}]) == "NotImplemented"
    assert refused(s3, [{"Key": "b.csv", "VersionId": "1"}]) == "NotImplemented"
    assert "b.csv" in keys(s3)


def test_a_request_without_a_checksum_or_of_another_kind_is_refused(s3: S3Client) -> None:
    def without_checksum(request: Any, **_: object) -> None:
        for name in [
            name for name in request.headers if name.lower().startswith(("x-amz-checksum", "content-md5"))
        ]:
            del request.headers[name]

    s3.meta.events.register("before-sign.s3.DeleteObjects", without_checksum)
    assert refused(s3, [{"Key": "b.csv"}]) == "InvalidRequest"
    assert "b.csv" in keys(s3)


@pytest.mark.parametrize("body", [b"", b"<Delete>", b"<Other/>", b"<Delete><Object><Key/></Object></Delete>"])
def test_what_is_no_request_for_deletions_is_malformed(s3: S3Client, body: bytes) -> None:
    def instead(request: Any, **_: object) -> None:
        request.data = body

    s3.meta.events.register("before-sign.s3.DeleteObjects", instead)
    assert refused(s3, [{"Key": "b.csv"}]) == "MalformedXML"
    assert "b.csv" in keys(s3)
