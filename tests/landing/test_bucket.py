"""Landing files straight into S3, as the local endpoint serves it."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner

from catalog import AUTHORS, REVIEWS, USERS
from faker_tool.__main__ import app
from faker_tool.generate import generate
from landing.bucket import BucketStore
from landing.errors import StoreError
from local_cloud.s3.server import S3Server

UNTIL = datetime(2020, 3, 1, tzinfo=UTC)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder behind the bucket `landing`."""
    folder = tmp_path / "buckets" / "landing"
    folder.mkdir(parents=True)
    server = S3Server(tmp_path / "buckets")
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
    yield folder
    server.stop()


@pytest.mark.slow
def test_objects_have_the_bytes_of_files_in_one_part_or_several(tmp_path: Path, landing: Path) -> None:
    for out in (tmp_path / "folder", "s3://landing/some/prefix"):
        made = generate(out, records=60_000, until=UNTIL, datasets=[REVIEWS, AUTHORS])

    assert contents(landing / "some" / "prefix") == contents(tmp_path / "folder")
    assert made.datasets[0].bytes > 20_000_000
    assert [file.size_bytes for file in made.files] == [each.bytes for each in made.datasets]


@pytest.mark.slow
def test_compressed_parts_go_to_the_root_of_a_bucket(tmp_path: Path, landing: Path) -> None:
    for out in (tmp_path / "folder", "s3://landing"):
        made = generate(out, records=500, until=UNTIL, files_of=50_000, gzip=True)

    assert contents(landing) == contents(tmp_path / "folder")
    assert sorted(contents(landing)) == sorted(file.name for file in made.files)


@pytest.mark.parametrize("records", [100, 60_000], ids=["small", "in several parts"])
def test_an_object_that_is_not_complete_never_appears(landing: Path, records: int) -> None:
    class DiskFullError(Exception):
        pass

    left = records

    def fail_at_the_end(written: int) -> None:
        nonlocal left
        left -= written // 380
        if left < records / 10:
            raise DiskFullError

    with pytest.raises(DiskFullError):
        generate("s3://landing", records=records, until=UNTIL, datasets=[REVIEWS], progress=fail_at_the_end)
    assert contents(landing) == {}


def test_existing_objects_are_kept_unless_forced(landing: Path) -> None:
    generate("s3://landing/a", records=500, until=UNTIL, datasets=[USERS], files_of=20_000)
    (landing / "a" / "user" / "part-of-mine.csv").write_bytes(b"mine")
    before = contents(landing)

    with pytest.raises(
        FileExistsError, match=r"s3://landing/a/ already holds user/part-00000\.csv, .*--force"
    ):
        generate("s3://landing/a", records=5, until=UNTIL, datasets=[USERS], files_of=20_000)
    assert contents(landing) == before

    generate("s3://landing/a", records=5, until=UNTIL, datasets=[USERS], files_of=20_000, force=True)
    assert sorted(contents(landing)) == ["a/user/part-00000.csv", "a/user/part-of-mine.csv"]


@pytest.mark.usefixtures("landing")
def test_a_bucket_that_does_not_exist_is_named() -> None:
    with pytest.raises(StoreError, match="s3://elsewhere/: there is no such bucket; make it"):
        generate("s3://elsewhere", records=1, until=UNTIL)


def test_the_command_writes_to_a_bucket_or_says_what_is_wrong_with_it(landing: Path) -> None:
    wrong = CliRunner().invoke(app, ["--records", "5", "--out", "s3://elsewhere"], env={"COLUMNS": "400"})
    right = CliRunner().invoke(app, ["--records", "5", "--out", "s3://landing/load"])

    assert wrong.exit_code == 2
    assert "s3://elsewhere/: there is no such bucket; make it" in wrong.output
    assert right.exit_code == 0
    assert sorted(path.name for path in (landing / "load").iterdir()) == [
        "author.csv",
        "book.csv",
        "reviews.csv",
        "user.csv",
    ]


def test_an_endpoint_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # without listening: nobody answers, and no other program gets the port
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://localhost:{silent.getsockname()[1]}")
        with pytest.raises(StoreError, match=r"Could not connect .*; check AWS_ENDPOINT_URL_S3"):
            generate("s3://landing", records=1, until=UNTIL)


@pytest.mark.usefixtures("landing")
def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # which remembers them
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(StoreError, match="no AWS credentials were found; set AWS_PROFILE, or"):
        generate("s3://landing", records=1, until=UNTIL)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3:///key", "'s3:///key' names no bucket; write it like s3://bucket/prefix"),
        ("gs://bucket", "'gs://bucket' is neither a folder nor an address in S3"),
    ],
)
def test_other_addresses_are_refused(address: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generate(address, records=1, until=UNTIL)


def test_a_prefix_ends_with_one_slash_and_begins_with_none() -> None:
    stores = [BucketStore.at(address) for address in ("s3://b/a/", "s3://b/a", "s3://b//a//")]

    assert {store.prefix for store in stores} == {"a/"}
    assert BucketStore.at("s3://b").prefix == BucketStore.at("s3://b/").prefix == ""
