"""What arrives in the landing zone, and what is said when it does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from capture.uploader.landing_zone import Landing, NotUploaded
from landing.errors import StoreError
from tests.capture.uploader.zone import Zone


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.csv"
    file.write_text("id,name\n1,桃子\n")
    return file


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An S3 that keeps checksums, which the local server does not."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="landing")
        yield


@pytest.mark.parametrize(("prefix", "key"), [("", "reviews/a.csv"), ("/x/y/", "x/y/reviews/a.csv")])
def test_a_file_arrives_as_it_is_below_the_prefix(zone: Zone, path: Path, prefix: str, key: str) -> None:
    with path.open("rb") as file:
        assert Landing.at(f"s3://landing{prefix}").put(file, "reviews/a.csv") == 17
    assert zone.content() == {key: path.read_bytes()}


def test_an_upload_that_is_repeated_replaces_itself(zone: Zone, path: Path) -> None:
    for _ in range(2):
        with path.open("rb") as file:
            Landing.at("s3://landing").put(file, "reviews/a.csv")
    assert zone.content() == {"reviews/a.csv": path.read_bytes()}


@pytest.mark.parametrize("arrived", [b"id,name\n1,other\n", b"id,name\n1,xxxxxx\n"])
def test_what_is_different_after_the_upload_is_told(zone: Zone, path: Path, arrived: bytes) -> None:
    landing = Landing.at("s3://landing")
    target = zone.bucket / "reviews" / "a.csv"

    def tampered(**_: Any) -> None:
        target.write_bytes(arrived)

    landing.s3.meta.events.register("after-call.s3.PutObject", tampered)
    with (
        path.open("rb") as file,
        pytest.raises(NotUploaded, match=r"differs from the file in the spool: expected 17 bytes"),
    ):
        landing.put(file, "reviews/a.csv")


def test_what_is_gone_after_the_upload_is_told(zone: Zone, path: Path) -> None:
    landing = Landing.at("s3://landing")
    target = zone.bucket / "reviews" / "a.csv"
    landing.s3.meta.events.register("after-call.s3.PutObject", lambda **_: target.unlink())
    with path.open("rb") as file, pytest.raises(NotUploaded, match="Not Found"):
        landing.put(file, "reviews/a.csv")


def test_a_name_that_the_server_refuses_is_a_fault_of_the_file(zone: Zone, path: Path) -> None:
    with path.open("rb") as file, pytest.raises(NotUploaded, match="InvalidArgument"):
        Landing.at("s3://landing").put(file, f"reviews/{'x' * 300}.csv")
    assert zone.content() == {}


@pytest.mark.usefixtures("aws")
def test_where_checksums_are_kept_it_is_verified_by_them(path: Path) -> None:
    landing = Landing.at("s3://landing")
    heads: list[dict[str, str]] = []

    def encrypted(parsed: dict[str, str], **_: Any) -> None:
        heads.append(parsed)
        parsed["ETag"] = '"no MD5, as with KMS keys"'

    landing.s3.meta.events.register("after-call.s3.HeadObject", encrypted)
    with path.open("rb") as file:
        assert landing.put(file, "reviews/a.csv") == 17
    assert heads[0]["ChecksumSHA256"] == "DVb7S0RB/cXP1q/9NAW3eO35ey6eu15XRHDqw4TH6LA="


@pytest.mark.usefixtures("aws")
def test_a_wrong_checksum_is_told(path: Path) -> None:
    landing = Landing.at("s3://landing")

    def tampered(parsed: dict[str, str], **_: Any) -> None:
        parsed["ChecksumSHA256"] = "of something else"

    landing.s3.meta.events.register("after-call.s3.HeadObject", tampered)
    with (
        path.open("rb") as file,
        pytest.raises(NotUploaded, match="in s3://landing/ differs from the file in the spool"),
    ):
        landing.put(file, "reviews/a.csv")


@pytest.mark.usefixtures("aws")
def test_refused_access_is_told_with_what_is_needed(path: Path) -> None:
    boto3.client("iam").create_user(UserName="nobody")
    key = boto3.client("iam").create_access_key(UserName="nobody")["AccessKey"]
    boto3.DEFAULT_SESSION = None  # it remembers other keys; moto puts back the one of before

    @set_initial_no_auth_action_count(0)  # type: ignore[untyped-decorator] # moto is not type-checked
    def refused() -> None:
        landing = Landing.at("s3://landing")
        landing.check()  # who may write to a bucket need not be allowed to look at it
        with path.open("rb") as file:
            landing.put(file, "reviews/a.csv")

    # undone before moto puts back the keys that it has replaced
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        with pytest.raises(StoreError, match="access is denied; use credentials that may"):
            refused()


def test_a_bucket_that_is_not_there_is_told_before_and_at_the_upload(zone: Zone, path: Path) -> None:
    zone.bucket.rmdir()
    landing = Landing.at("s3://landing")
    with pytest.raises(StoreError, match="s3://landing/: there is no such bucket; make it"):
        landing.check()
    with path.open("rb") as file, pytest.raises(StoreError, match="there is no such bucket; make it"):
        landing.put(file, "reviews/a.csv")


def test_a_server_that_is_down_is_told_with_its_address(zone: Zone, path: Path) -> None:
    zone.down()
    with path.open("rb") as file, pytest.raises(StoreError, match=f'Could not connect .*"{zone.url}'):
        Landing.at("s3://landing").put(file, "reviews/a.csv")


@pytest.mark.usefixtures("zone")
def test_missing_credentials_are_told_with_what_to_set(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers those of other tests
    with path.open("rb") as file, pytest.raises(StoreError, match="no AWS credentials were found; set"):
        Landing.at("s3://landing").put(file, "reviews/a.csv")
