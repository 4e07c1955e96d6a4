"""The landing zone of AWS keeps older versions; what a producer does to it meanwhile is never lost."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from catalog import USERS
from operations.errors import OperationError
from operations.forget.subject import Subject
from operations.forget.zones import Found, Place
from tests.e2e.records import csv_file
from tests.operations.forget.conftest import ME, OTHER, SENDING, USERS_FILE, user

BUCKET, KEY = "landing-zone", "users/user.csv"
OTHERS = csv_file([user(OTHER)], USERS)
SUBJECT = Subject(USERS, ME)


@pytest.fixture
def s3() -> Iterator[S3Client]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
            patch.delenv(name, raising=False)
        with mock_aws():
            client = boto3.client("s3", region_name="us-east-1")
            client.create_bucket(Bucket=BUCKET)
            client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
            yield client


def put(s3: S3Client, content: bytes) -> str:
    return s3.put_object(Bucket=BUCKET, Key=KEY, Body=content)["ETag"]


def forget(s3: S3Client, *published: str, dry_run: bool = False) -> Found:
    zone = Place(s3, "landing", BUCKET, lambda _, etag: etag in published)
    return zone.forget(SUBJECT, dry_run=dry_run)


def contents(s3: S3Client) -> list[bytes]:
    """Every version of every object, the newest first."""
    return [
        s3.get_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
        for version in s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
    ]


def test_older_versions_with_the_person_go_and_the_others_stay(s3: S3Client) -> None:
    put(s3, USERS_FILE)
    put(s3, OTHERS)
    put(s3, USERS_FILE)
    assert forget(s3, dry_run=True) == Found(objects=2, records=2, older_versions=1)
    assert contents(s3) == [USERS_FILE, OTHERS, USERS_FILE]
    assert forget(s3) == Found(objects=2, records=2, older_versions=1)
    assert contents(s3) == [OTHERS, OTHERS]
    assert forget(s3) == Found()


def test_of_a_file_that_a_run_has_acknowledged_no_version_with_the_person_stays(s3: S3Client) -> None:
    put(s3, USERS_FILE)
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    assert forget(s3) == Found(objects=1, records=1, older_versions=1)
    assert contents(s3) == []


def test_a_published_file_goes_with_all_that_it_was(s3: S3Client) -> None:
    assert forget(s3, put(s3, USERS_FILE)) == Found(objects=1, records=1)
    assert contents(s3) == []
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


@pytest.mark.parametrize("published", [True, False])
def test_a_file_that_is_overwritten_meanwhile_stays_as_its_producer_wrote_it(
    s3: S3Client, monkeypatch: pytest.MonkeyPatch, published: bool
) -> None:
    newer = csv_file([user(ME), user(OTHER), user(5)], USERS)
    etag = put(s3, USERS_FILE)
    call = getattr(BaseClient, SENDING)

    def overtaken(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if parameters.get("IfMatch"):
            call(s3, "PutObject", {"Bucket": BUCKET, "Key": KEY, "Body": newer})
        return call(client, operation, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, SENDING, overtaken)
        with pytest.raises(
            OperationError, match=r"user\.csv was overwritten meanwhile.*call the command again"
        ):
            forget(s3, *([etag] if published else []))
    assert contents(s3)[0] == newer
    forget(s3)
    assert str(ME).encode() not in b"".join(contents(s3))
