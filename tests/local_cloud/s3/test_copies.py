"""Copies within S3: no byte passes through Python, and a copy never changes with its source."""

import errno
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from localbucket import UPLOADS_DIR, S3Error, S3Handler, remember_etag
from mypy_boto3_s3 import S3Client

from lambdas.shared.zone import Zone
from local_cloud.addresses import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET
from local_cloud.s3 import content
from local_cloud.s3.server import S3Server

MIB = 1024 * 1024
GIB = 1024 * MIB
LANDED = Random(1).randbytes(11 * MIB)
SOURCE: Any = {"Bucket": "landing", "Key": "a.csv"}


@pytest.fixture
def buckets(tmp_path: Path) -> Path:
    """Two empty buckets."""
    for name in ("landing", "working"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def s3(buckets: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    server = S3Server(buckets)
    server.start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ADMINISTRATOR_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", ADMINISTRATOR_SECRET)
    client: S3Client = boto3.client("s3", endpoint_url=server.url)
    yield client
    client.close()
    server.stop()


def land(s3: S3Client, body: bytes = LANDED) -> str:
    """Put the source; its ETag."""
    return s3.put_object(Bucket="landing", Key="a.csv", Body=body)["ETag"]


def copy(s3: S3Client, key: str = "b.csv") -> str:
    copied = s3.copy_object(Bucket="working", Key=key, CopySource=SOURCE)
    return copied["CopyObjectResult"]["ETag"]


def read(s3: S3Client, bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def begun(s3: S3Client) -> Any:
    upload: Any = {"Bucket": "working", "Key": "b.csv"}
    return upload | {"UploadId": s3.create_multipart_upload(**upload)["UploadId"]}


def copy_part(s3: S3Client, upload: Any, number: int, first: int, last: int) -> Any:
    part = s3.upload_part_copy(
        **upload, PartNumber=number, CopySource=SOURCE, CopySourceRange=f"bytes={first}-{last}"
    )
    return {"PartNumber": number, "ETag": part["CopyPartResult"]["ETag"]}


def is_one_file(buckets: Path) -> bool:
    return (buckets / "landing/a.csv").samefile(buckets / "working/b.csv")


def test_a_copy_of_a_whole_object_is_a_second_name_with_the_same_etag(buckets: Path, s3: S3Client) -> None:
    etag = land(s3)
    assert copy(s3) == etag == s3.head_object(Bucket="working", Key="b.csv")["ETag"]
    assert is_one_file(buckets)
    assert s3.head_object(**SOURCE)["ETag"] == etag


def test_what_becomes_of_the_source_leaves_the_copy_as_it_was(s3: S3Client) -> None:
    etag = land(s3)
    copy(s3)
    land(s3, b"newer")
    assert read(s3, "working", "b.csv") == LANDED
    assert s3.head_object(Bucket="working", Key="b.csv")["ETag"] == etag
    s3.delete_object(**SOURCE)
    assert read(s3, "working", "b.csv") == LANDED


def test_what_becomes_of_the_copy_leaves_the_source_as_it_was(s3: S3Client) -> None:
    etag = land(s3)
    copy(s3)
    s3.put_object(Bucket="working", Key="b.csv", Body=b"newer")
    assert (read(s3, "landing", "a.csv"), s3.head_object(**SOURCE)["ETag"]) == (LANDED, etag)
    copy(s3)
    s3.delete_object(Bucket="working", Key="b.csv")
    assert (read(s3, "landing", "a.csv"), s3.head_object(**SOURCE)["ETag"]) == (LANDED, etag)


def test_a_copy_that_is_made_twice_is_there_once_and_leaves_nothing_behind(
    buckets: Path, s3: S3Client
) -> None:
    land(s3)
    copy(s3)
    copy(s3)
    assert is_one_file(buckets)
    assert (buckets / "landing/a.csv").stat().st_nlink == 2
    assert list((buckets / UPLOADS_DIR).iterdir()) == []


def test_what_a_copy_needs_meanwhile_is_gone_before_the_answer(
    buckets: Path, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has the answer may look at the folder at once."""
    land(s3)
    left: list[list[Path]] = []
    send = S3Handler._send_headers  # noqa: SLF001 (there is no public handle)

    def look_and_send(handler: S3Handler, *arguments: object, **named: object) -> None:
        left.append(list((buckets / UPLOADS_DIR).iterdir()))
        send(handler, *arguments, **named)

    monkeypatch.setattr(S3Handler, "_send_headers", look_and_send)
    copy(s3)
    copy(s3)  # a rename to another name of the same file does nothing
    (buckets / "landing/a.csv").unlink()
    (buckets / "landing/a.csv").write_bytes(b"written past the server")
    copy(s3, "c.csv")
    s3.put_object(Bucket="working", Key="d.csv", Body=b"rows")
    assert left == [[], [], [], []]


def test_an_object_is_for_the_user_of_the_server_alone(buckets: Path, s3: S3Client) -> None:
    land(s3)
    assert (buckets / "landing/a.csv").stat().st_mode & 0o077 == 0


def test_nobody_gets_to_write_into_a_file_that_has_two_names(buckets: Path, s3: S3Client) -> None:
    """The user root is not asked, so the test looks at the rights."""
    land(s3)
    copy(s3)
    assert (buckets / "working/b.csv").stat().st_mode & 0o222 == 0


def test_a_file_that_somebody_else_put_into_the_folder_keeps_its_bytes_to_itself(
    buckets: Path, s3: S3Client
) -> None:
    path = buckets / "landing/a.csv"
    path.write_bytes(LANDED)
    copy(s3)
    with path.open("r+b") as file:
        file.write(b"newer")
    assert read(s3, "working", "b.csv") == LANDED


def test_an_object_that_somebody_else_wrote_to_keeps_its_bytes_to_itself(buckets: Path, s3: S3Client) -> None:
    land(s3)
    path = buckets / "landing/a.csv"
    path.write_bytes(b"newer")
    copy(s3)
    path.write_bytes(b"and newer")
    assert read(s3, "working", "b.csv") == b"newer"


def test_parts_that_cover_an_object_are_a_second_name_too(buckets: Path, s3: S3Client) -> None:
    land(s3)
    upload = begun(s3)
    parts = [copy_part(s3, upload, 1, 0, 5 * MIB - 1), copy_part(s3, upload, 2, 5 * MIB, len(LANDED) - 1)]
    s3.delete_object(**SOURCE)
    land(s3, b"newer")
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert read(s3, "working", "b.csv") == LANDED
    assert list((buckets / UPLOADS_DIR).iterdir()) == []
    land(s3)
    upload = begun(s3)
    parts = [copy_part(s3, upload, 1, 0, 5 * MIB - 1), copy_part(s3, upload, 2, 5 * MIB, len(LANDED) - 1)]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert is_one_file(buckets)


def test_an_object_that_is_written_to_between_its_part_and_the_completion_is_an_error(
    buckets: Path, s3: S3Client
) -> None:
    """Only an administrator can write into it: the server has taken the right."""
    body = b"a" * 6_000_000
    source = buckets / "landing" / "big.csv"
    s3.put_object(Bucket="landing", Key="big.csv", Body=body)
    upload = s3.create_multipart_upload(Bucket="working", Key="copy.csv")["UploadId"]
    part = s3.upload_part_copy(
        Bucket="working",
        Key="copy.csv",
        UploadId=upload,
        PartNumber=1,
        CopySource={"Bucket": "landing", "Key": "big.csv"},
    )["CopyPartResult"]
    assert not source.stat().st_mode & 0o222
    source.chmod(0o600)
    with source.open("r+b") as file:
        file.write(b"b" * 100)

    with pytest.raises(ClientError, match="A source file changed"):
        s3.complete_multipart_upload(
            Bucket="working",
            Key="copy.csv",
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
        )


def test_a_copied_part_that_is_uploaded_again_is_what_was_uploaded(s3: S3Client) -> None:
    land(s3)
    upload = begun(s3)
    copy_part(s3, upload, 1, 0, 5 * MIB - 1)
    uploaded = s3.upload_part(**upload, PartNumber=1, Body=b"x" * 5 * MIB)["ETag"]
    parts: Any = [{"PartNumber": 1, "ETag": uploaded}, copy_part(s3, upload, 2, 3, 9)]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert read(s3, "working", "b.csv") == b"x" * 5 * MIB + LANDED[3:10]


def test_only_the_last_part_may_have_less_than_5_mib(s3: S3Client) -> None:
    land(s3)
    upload = begun(s3)
    parts = [copy_part(s3, upload, 1, 0, 5 * MIB - 2), copy_part(s3, upload, 2, 0, 99)]
    with pytest.raises(ClientError, match="EntityTooSmall"):
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    parts[0] = copy_part(s3, upload, 1, 0, 5 * MIB - 1)
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert read(s3, "working", "b.csv") == LANDED[: 5 * MIB] + LANDED[:100]


@pytest.mark.parametrize(("number", "taken"), [(0, False), (1, True), (10_000, True), (10_001, False)])
def test_parts_are_numbered_from_1_to_10_000(s3: S3Client, number: int, taken: bool) -> None:
    land(s3)
    upload = begun(s3)
    told = nullcontext() if taken else pytest.raises(ClientError, match="Part number must be an integer")
    with told:
        copy_part(s3, upload, number, 0, 5 * MIB)


@pytest.mark.parametrize(("size", "taken"), [(5 * MIB, False), (5 * MIB + 1, True)])
def test_a_range_is_copied_only_from_an_object_of_more_than_5_mib(
    s3: S3Client, size: int, taken: bool
) -> None:
    land(s3, LANDED[:size])
    upload = begun(s3)
    told = nullcontext() if taken else pytest.raises(ClientError, match="byte-range copy source")
    with told:
        copy_part(s3, upload, 1, 0, 9)
    s3.upload_part_copy(**upload, PartNumber=2, CopySource=SOURCE)


def test_an_upload_that_is_given_up_leaves_nothing(buckets: Path, s3: S3Client) -> None:
    land(s3)
    upload = begun(s3)
    copy_part(s3, upload, 1, 0, 5 * MIB - 1)
    s3.abort_multipart_upload(**upload)
    assert list((buckets / UPLOADS_DIR).iterdir()) == []
    assert (buckets / "landing/a.csv").stat().st_nlink == 1


@pytest.mark.slow
def test_the_size_of_an_object_does_not_matter_to_its_copy(buckets: Path, s3: S3Client) -> None:
    """A file of 12 GiB that holds nothing: to read it once would take half a minute."""
    path = buckets / "landing/a.csv"
    path.touch()
    os.truncate(path, 12 * GIB)
    os.utime(path, (0, 0))  # long ago: the server asks again for the ETag of what is new
    remember_etag(path, "the-etag")
    content.written(path)
    with pytest.raises(s3.exceptions.ClientError, match="larger than the maximum allowable size"):
        copy(s3)
    copied = Zone(s3, "landing").copy_if_unchanged(
        "a.csv", etag='"the-etag"', size=12 * GIB, to=Zone(s3, "working"), target="b.csv"
    )
    assert copied
    assert is_one_file(buckets)
    assert s3.head_object(**SOURCE)["ETag"] == '"the-etag"'


def test_bytes_that_have_to_be_copied_are_copied_by_the_kernel(
    buckets: Path, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (buckets / "landing/a.csv").write_bytes(LANDED)
    monkeypatch.delattr(os, "pread")
    copy(s3)
    monkeypatch.undo()
    assert read(s3, "working", "b.csv") == LANDED


def test_where_the_kernel_does_not_copy_the_server_does(
    buckets: Path, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (buckets / "landing/a.csv").write_bytes(LANDED)

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "copy_file_range", refuse)
    copy(s3)
    assert read(s3, "working", "b.csv") == LANDED


def test_a_source_that_becomes_shorter_while_it_is_copied_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"rows")
    new = content.NewFile(tmp_path / "copy")
    with pytest.raises(S3Error, match="changed while it was being copied"):
        content.copy(new, [(tmp_path / "source", 1, 4)])
    new.remove()
    assert not (tmp_path / "copy").exists()
