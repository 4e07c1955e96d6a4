"""S3's conditions, ETags and keys on a folder: what holds on AWS holds here."""

import errno
import hashlib
import http.client
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from localbucket import TEMP_PREFIX, UPLOADS_DIR, _etag_cache
from mypy_boto3_s3 import S3Client

from local_cloud.addresses import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET, REGION
from local_cloud.s3.etags import ETAGS
from local_cloud.s3.handler import ObjectHandler
from tests.local_cloud.conftest import Endpoint

BUCKET = "zone"
MIB = 1024 * 1024


@pytest.fixture
def s3(endpoint: Endpoint) -> Iterator[S3Client]:
    """A client of the S3 server; the bucket is there and empty."""
    (endpoint.state.buckets / BUCKET).mkdir(exist_ok=True)
    client: S3Client = boto3.client("s3", endpoint_url=endpoint.addresses.s3_url)
    yield client
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.close()


def put(s3: S3Client, content: bytes, key: str = "a.csv") -> str:
    """The ETag of what was put."""
    return s3.put_object(Bucket=BUCKET, Key=key, Body=content)["ETag"]


def copy_of_a_part(s3: S3Client, etag: str) -> None:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="b.csv")["UploadId"]
    try:
        s3.upload_part_copy(
            Bucket=BUCKET,
            Key="b.csv",
            UploadId=upload,
            PartNumber=1,
            CopySource={"Bucket": BUCKET, "Key": "a.csv"},
            CopySourceIfMatch=etag,
        )
    finally:
        s3.abort_multipart_upload(Bucket=BUCKET, Key="b.csv", UploadId=upload)


CONDITIONAL: dict[str, Callable[[S3Client, str], Any]] = {
    "get": lambda s3, etag: s3.get_object(Bucket=BUCKET, Key="a.csv", IfMatch=etag),
    "head": lambda s3, etag: s3.head_object(Bucket=BUCKET, Key="a.csv", IfMatch=etag),
    "put": lambda s3, etag: s3.put_object(Bucket=BUCKET, Key="a.csv", Body=b"new", IfMatch=etag),
    "delete": lambda s3, etag: s3.delete_object(Bucket=BUCKET, Key="a.csv", IfMatch=etag),
    "copy": lambda s3, etag: s3.copy_object(
        Bucket=BUCKET, Key="b.csv", CopySource={"Bucket": BUCKET, "Key": "a.csv"}, CopySourceIfMatch=etag
    ),
    "copy of a part": copy_of_a_part,
}


def status_of(action: Callable[[], Any]) -> int:
    with pytest.raises(ClientError) as caught:
        action()
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("operation", CONDITIONAL)
def test_an_operation_with_the_etag_that_the_object_has_is_done(s3: S3Client, operation: str) -> None:
    CONDITIONAL[operation](s3, put(s3, b"rows"))


@pytest.mark.parametrize("operation", CONDITIONAL)
def test_an_operation_with_the_etag_of_an_older_version_is_refused_and_changes_nothing(
    s3: S3Client, operation: str
) -> None:
    older = put(s3, b"rows")
    put(s3, b"cows")
    assert status_of(lambda: CONDITIONAL[operation](s3, older)) == 412
    assert s3.get_object(Bucket=BUCKET, Key="a.csv")["Body"].read() == b"cows"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["a.csv"]


@pytest.mark.parametrize("operation", CONDITIONAL)
def test_an_operation_with_a_condition_on_an_object_that_is_gone_finds_nothing(
    s3: S3Client, operation: str
) -> None:
    assert status_of(lambda: CONDITIONAL[operation](s3, '"gone"')) == 404
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_deleting_what_is_gone_without_a_condition_is_no_error(s3: S3Client) -> None:
    s3.delete_object(Bucket=BUCKET, Key="a.csv")


def test_of_many_who_put_an_object_only_if_there_is_none_one_succeeds(s3: S3Client) -> None:
    def claim(number: int) -> bool:
        try:
            s3.put_object(Bucket=BUCKET, Key="claim", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError as error:
            return error.response["Error"]["Code"] != "PreconditionFailed"
        return True

    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(claim, range(40)))
    assert sum(claimed) == 1
    content = s3.get_object(Bucket=BUCKET, Key="claim")["Body"].read()
    assert content == str(claimed.index(True)).encode()


def test_of_many_who_overwrite_the_same_version_one_succeeds(s3: S3Client) -> None:
    etag = put(s3, b"0")
    overwrite = partial(CONDITIONAL["put"], s3, etag)
    with ThreadPoolExecutor(8) as pool:
        ended = [pool.submit(overwrite) for _ in range(8)]
    assert sum(1 for end in ended if end.exception() is None) == 1


@pytest.mark.slow
def test_every_overwrite_changes_the_etag_also_of_the_same_size_and_as_fast_as_can_be(s3: S3Client) -> None:
    for number in range(200):
        content = f"{number:04d}".encode()
        expected = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        assert put(s3, content) == expected
        assert s3.head_object(Bucket=BUCKET, Key="a.csv")["ETag"] == expected


def test_a_file_written_past_the_server_has_a_new_etag_even_with_its_old_size_and_time(
    endpoint: Endpoint, s3: S3Client
) -> None:
    path = endpoint.state.buckets / BUCKET / "a.csv"
    now = time.time_ns() + 60 * 10**9  # ahead, so that the time this test takes makes no difference
    etags = []
    for content in (b"rows", b"cows"):
        path.write_bytes(content)
        os.utime(path, ns=(now, now))
        etags.append(s3.list_objects_v2(Bucket=BUCKET)["Contents"][0]["ETag"])
        assert s3.head_object(Bucket=BUCKET, Key="a.csv")["ETag"] == etags[-1]
    assert etags[0] != etags[1]


def test_an_object_may_be_overwritten_and_deleted_while_it_is_read(s3: S3Client) -> None:
    content = Random(1).randbytes(8 * MIB)
    put(s3, content)
    with s3.get_object(Bucket=BUCKET, Key="a.csv")["Body"] as body:
        start = body.read(1000)
        put(s3, b"newer")
        s3.delete_object(Bucket=BUCKET, Key="a.csv")
        assert start + body.read() == content


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("/a.csv", "'/a.csv' begins with a slash and would be the same file as 'a.csv'"),
        ("//a.csv", "'//a.csv' begins with a slash and would be the same file as 'a.csv'"),
        ("/etc/passwd", "begins with a slash"),
        ("a//b.csv", "leaves a file or folder without a name"),
        ("folder/", "leaves a file or folder without a name"),
        ("a/./b.csv", "'.' between slashes leads to another folder"),
        ("../outside/a.csv", "'..' between slashes leads to another folder"),
        ("a/../../outside/a.csv", "'..' between slashes leads to another folder"),
        ("a\x00b.csv", "holds a NUL"),
        ("x" * 256, "has 256 bytes, expected at most 255 between two slashes"),
        ("ä" * 128, "has 256 bytes, expected at most 255 between two slashes"),
        (".localbucket-x", "listings leave out names that begin with '.localbucket-'"),
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_a_key_that_cannot_be_a_file_of_its_own_is_refused_with_the_reason(
    endpoint: Endpoint, s3: S3Client, key: str, why: str
) -> None:
    outside = endpoint.state.buckets / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "a.csv").write_bytes(b"outside")
    put(s3, b"rows")
    before = everything_below(endpoint.state.buckets)
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"escaped")
    assert caught.value.response["Error"]["Code"] == "InvalidArgument"
    assert why in caught.value.response["Error"]["Message"]
    for operation in (s3.get_object, s3.head_object, s3.delete_object, s3.create_multipart_upload):
        assert status_of(partial(operation, Bucket=BUCKET, Key=key)) == 400
    copy = partial(s3.copy_object, Bucket=BUCKET, Key="b.csv", CopySource={"Bucket": BUCKET, "Key": key})
    assert status_of(copy) == 400
    assert everything_below(endpoint.state.buckets) == before


def everything_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("key", ["a.csv/b.csv", "a.csv/b/c.csv", "folder"])
def test_a_key_that_needs_a_file_where_a_folder_is_or_the_reverse_is_refused(s3: S3Client, key: str) -> None:
    put(s3, b"rows")
    put(s3, b"rows", "folder/b.csv")
    with pytest.raises(ClientError, match="is a folder here and another object's name"):
        put(s3, b"more", key)
    assert status_of(lambda: s3.get_object(Bucket=BUCKET, Key=key)) == 404
    listed = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert listed == ["a.csv", "folder/b.csv"]


def test_a_link_that_leads_out_of_the_bucket_is_not_followed(endpoint: Endpoint, s3: S3Client) -> None:
    link = endpoint.state.buckets / BUCKET / "link.csv"
    link.symlink_to(endpoint.state.buckets.parent)
    assert status_of(lambda: s3.get_object(Bucket=BUCKET, Key="link.csv/x")) == 400
    link.unlink()


def test_moto_reads_no_file_outside_the_bucket_either(endpoint: Endpoint) -> None:
    moto_s3: S3Client = boto3.client("s3", endpoint_url=endpoint.addresses.url)
    moto_s3.create_bucket(Bucket="templates")
    (endpoint.state.buckets / "secret").write_bytes(b"outside")
    for key in ("../secret", str(endpoint.state.buckets / "secret")):
        assert status_of(partial(moto_s3.get_object, Bucket="templates", Key=key)) == 404


def test_a_key_has_1024_bytes_at_most(s3: S3Client) -> None:
    longest = f"{'ä' * 100}/" * 5 + "x" * 19
    put(s3, b"rows", longest)
    for refused in (s3.get_object, s3.create_multipart_upload, s3.put_object):
        with pytest.raises(ClientError, match=r"KeyTooLongError.*Your key is too long"):
            refused(Bucket=BUCKET, Key=f"{longest}x")
    with pytest.raises(ClientError, match="KeyTooLongError"):
        s3.copy_object(Bucket=BUCKET, Key="b.csv", CopySource={"Bucket": BUCKET, "Key": f"{longest}x"})


@pytest.mark.parametrize("query", ["", f"?partNumber=1&uploadId={'0' * 32}"], ids=["PutObject", "UploadPart"])
def test_a_body_of_more_than_5_gib_is_refused_before_it_is_read(endpoint: Endpoint, query: str) -> None:
    answer, said = put_by_hand(endpoint, f"/{BUCKET}/a.csv{query}", promised=5 * 1024 * MIB + 1)
    assert (answer.status, b"<Code>EntityTooLarge</Code>" in said) == (400, True)
    assert answer.will_close


def test_half_a_body_from_a_client_that_died_makes_no_object(endpoint: Endpoint, s3: S3Client) -> None:
    answer, said = put_by_hand(endpoint, f"/{BUCKET}/a.csv", promised=100, sent=b"only so much")
    assert (answer.status, b"IncompleteBody" in said) == (400, True)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def put_by_hand(
    endpoint: Endpoint, path: str, *, promised: int, sent: bytes = b""
) -> tuple[http.client.HTTPResponse, bytes]:
    """PUT with a body of which less is sent than its header promises; the answer and its text."""
    address = endpoint.addresses.s3_url.removeprefix("http://")
    signed = AWSRequest("PUT", f"{endpoint.addresses.s3_url}{path}", {"Host": address}, b"")
    S3SigV4Auth(Credentials(ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET), "s3", REGION).add_auth(signed)
    with closing(http.client.HTTPConnection(address)) as connection:
        connection.putrequest("PUT", path, skip_host=True)
        connection.putheader("Content-Length", str(promised))
        for name, value in signed.headers.items():
            connection.putheader(name, value)
        connection.endheaders(sent)
        connection.sock.shutdown(socket.SHUT_WR)
        answer = connection.getresponse()
        return answer, answer.read()


def test_what_this_server_has_just_written_is_not_read_again_for_its_etag(
    s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = put(s3, b"rows")
    monkeypatch.setattr("localbucket.hashlib", None)
    assert s3.head_object(Bucket=BUCKET, Key="a.csv")["ETag"] == etag


def upload_in_parts(s3: S3Client, *parts: bytes) -> str:
    """The ETag of an object that is uploaded in these parts."""
    upload: Any = {"Bucket": BUCKET, "Key": "a.csv"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    etags = [
        s3.upload_part(**upload, PartNumber=number, Body=part)["ETag"]
        for number, part in enumerate(parts, start=1)
    ]
    named: Any = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
    return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": named})["ETag"]


def test_an_object_made_of_parts_has_an_etag_that_is_no_md5_and_keeps_it(
    endpoint: Endpoint, s3: S3Client
) -> None:
    etag = upload_in_parts(s3, b"r" * 5 * MIB, b"ows")
    assert etag.endswith('-2"')
    assert upload_in_parts(s3, b"r" * 5 * MIB, b"ows") == etag
    assert upload_in_parts(s3, b"r" * 5 * MIB, b"owe") != etag
    etag = upload_in_parts(s3, b"r" * 5 * MIB, b"ows")
    with serving_again(endpoint) as restarted:
        assert restarted.head_object(Bucket=BUCKET, Key="a.csv")["ETag"] == etag
        put(restarted, b"rows")
    (endpoint.state.buckets / BUCKET / "a.csv").write_bytes(b"rows")
    with serving_again(endpoint) as restarted:
        assert restarted.head_object(Bucket=BUCKET, Key="a.csv")["ETag"] == put(s3, b"rows")


class EncryptsAll:
    """A judge who lets everybody do everything, with a key for each bucket."""

    def require(self, *_: Any) -> None:
        pass

    def key_of(self, _: str) -> str:
        return "key"


def test_the_etag_of_an_encrypted_object_is_the_same_after_a_restart(
    endpoint: Endpoint, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    md5 = put(s3, b"rows")
    monkeypatch.setattr(ObjectHandler, "judge", EncryptsAll())
    with serving_again(endpoint) as encrypting:
        etag = put(encrypting, b"rows")
    with serving_again(endpoint) as restarted:
        assert restarted.head_object(Bucket=BUCKET, Key="a.csv")["ETag"] == etag != md5


def test_half_a_line_in_the_file_of_etags_is_of_no_consequence(endpoint: Endpoint, s3: S3Client) -> None:
    etag = upload_in_parts(s3, b"r" * 5 * MIB, b"ows")
    with (endpoint.state.buckets / ETAGS).open("a") as file:
        file.write('["/half')
    with serving_again(endpoint) as restarted:
        assert restarted.head_object(Bucket=BUCKET, Key="a.csv")["ETag"] == etag


@contextmanager
def serving_again(endpoint: Endpoint) -> Iterator[S3Client]:
    """A client of another server of the same folder, which remembers nothing."""
    _etag_cache.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), ObjectHandler.serving(endpoint.state.buckets))
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    with closing(boto3.client("s3", endpoint_url=f"http://127.0.0.1:{server.server_port}")) as client:
        yield client
    server.shutdown()
    server.server_close()


def test_a_copy_within_s3_needs_no_reading_for_its_etag(
    s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = put(s3, b"r" * MIB)
    monkeypatch.setattr("localbucket.hashlib", None)
    s3.copy_object(Bucket=BUCKET, Key="b.csv", CopySource={"Bucket": BUCKET, "Key": "a.csv"})
    assert s3.head_object(Bucket=BUCKET, Key="b.csv")["ETag"] == etag


@pytest.mark.slow
@given(
    sizes=st.lists(st.integers(5 * MIB, 6 * MIB), max_size=2),
    last=st.integers(1, 3000),
    start=st.integers(0, 2 * MIB),
)
@settings(max_examples=15)
def test_parts_of_another_object_are_put_together_byte_by_byte(
    s3: S3Client, sizes: list[int], last: int, start: int
) -> None:
    content = Random(1).randbytes(8 * MIB)
    put(s3, content, "source.csv")
    upload: Any = {"Bucket": BUCKET, "Key": "a.csv"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    named: list[Any] = []
    for number, size in enumerate([*sizes, last], start=1):
        copied = s3.upload_part_copy(
            **upload,
            PartNumber=number,
            CopySource={"Bucket": BUCKET, "Key": "source.csv"},
            CopySourceRange=f"bytes={start}-{start + size - 1}",
        )
        named.append({"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": named})
    expected = b"".join(content[start : start + size] for size in [*sizes, last])
    assert s3.get_object(Bucket=BUCKET, Key="a.csv")["Body"].read() == expected


def test_a_full_disk_is_an_answer_that_says_so_and_leaves_no_half_object(
    s3: S3Client, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ClientError) as refused:
        put(s3, b"content")
    monkeypatch.undo()
    error = refused.value.response["Error"]
    assert error["Code"] == "InsufficientStorage"
    assert error["Message"].startswith("disk full: ")
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    assert not list((endpoint.state.buckets / UPLOADS_DIR).glob(f"{TEMP_PREFIX}*"))
    assert put(s3, b"content")
