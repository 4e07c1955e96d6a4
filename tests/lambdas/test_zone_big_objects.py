"""Objects too big for one request: the same condition on every part, no gap, nothing left of what is given up."""

import itertools
from collections import Counter
from random import Random
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.awsrequest import AWSResponse
from mypy_boto3_s3 import S3Client

from lambdas.shared import zone
from lambdas.shared.zone import Zone
from tests.lambdas.zones import LocalZones

MIB = 1024 * 1024
GIB = 1024 * MIB
_random = Random(1)
CONTENT = _random.randbytes(25 * MIB)
NEWER = _random.randbytes(25 * MIB)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 8 MiB, so that four of them are soon copied."""
    parts = TransferConfig(
        multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB, preferred_transfer_client="classic"
    )
    monkeypatch.setattr(zone, "COPYING", parts)


def landed_etag(zones: LocalZones) -> str:
    zones.land("book.csv", CONTENT)
    return zones.s3.head_object(Bucket=zones.environment.landing_bucket, Key="book.csv")["ETag"]


def copied(zones: LocalZones, etag: str) -> bool:
    run = zones.run()
    return run.landing.copy_if_unchanged(
        "book.csv", etag=etag, size=len(CONTENT), to=run.working, target="b.csv"
    )


def assert_nothing_is_left(zones: LocalZones) -> None:
    assert zones.keys(zones.environment.working_bucket) == []
    assert list((zones.folder / ".localbucket-uploads").iterdir()) == []


@pytest.mark.usefixtures("small_parts")
def test_every_part_is_copied_under_the_condition_and_nothing_else_is_asked(zones: LocalZones) -> None:
    etag = landed_etag(zones)
    sent: list[tuple[str, str | None]] = []
    zones.s3.meta.events.register(
        "before-call.s3",
        lambda model, params, **_: sent.append(
            (model.name, params["headers"].get("x-amz-copy-source-if-match"))
        ),
    )
    assert copied(zones, etag)
    assert Counter(sent) == {
        ("CreateMultipartUpload", None): 1,
        ("UploadPartCopy", etag): 4,
        ("CompleteMultipartUpload", None): 1,
        ("HeadObject", None): 1,  # the size of the copy
    }
    assert zones.content(zones.environment.working_bucket, "b.csv") == CONTENT


@pytest.mark.usefixtures("small_parts")
def test_an_object_overwritten_since_it_was_planned_is_not_copied_even_if_its_size_is_the_same(
    zones: LocalZones,
) -> None:
    etag = landed_etag(zones)
    zones.land("book.csv", NEWER)
    assert not copied(zones, etag)
    assert_nothing_is_left(zones)


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("operation", ["CreateMultipartUpload", "UploadPartCopy"])
@pytest.mark.parametrize("newer", [NEWER, NEWER[:-1], NEWER + b"x", b"small"], ids=len)
def test_an_object_overwritten_before_its_parts_are_copied_leaves_nothing(
    zones: LocalZones, operation: str, newer: bytes
) -> None:
    etag = landed_etag(zones)
    zones.before(operation, lambda _request: zones.land("book.csv", newer))
    assert not copied(zones, etag)
    assert_nothing_is_left(zones)
    assert zones.run().landing.delete_if_unchanged([("book.csv", etag)]) == [False]
    assert zones.content(zones.environment.landing_bucket, "book.csv") == newer


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("part", ["2", "4"])
def test_an_object_overwritten_between_two_parts_leaves_neither_an_object_nor_parts(
    zones: LocalZones, part: str
) -> None:
    etag = landed_etag(zones)

    def overwrite(request: dict[str, Any]) -> None:
        if str(request["query_string"]["partNumber"]) == part:
            zones.land("book.csv", NEWER)

    zones.before("UploadPartCopy", overwrite)
    assert not copied(zones, etag)
    assert_nothing_is_left(zones)


@pytest.mark.usefixtures("small_parts")
def test_an_object_deleted_between_two_parts_leaves_neither_an_object_nor_parts(zones: LocalZones) -> None:
    etag = landed_etag(zones)

    def delete(request: dict[str, Any]) -> None:
        if str(request["query_string"]["partNumber"]) == "3":
            (zones.folder / zones.environment.landing_bucket / "book.csv").unlink()

    zones.before("UploadPartCopy", delete)
    assert not copied(zones, etag)
    assert_nothing_is_left(zones)


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_an_object_overwritten_after_its_last_part_is_the_version_that_was_planned(zones: LocalZones) -> None:
    etag = landed_etag(zones)
    zones.before("CompleteMultipartUpload", lambda _request: zones.land("book.csv", NEWER))
    assert copied(zones, etag)
    assert zones.content(zones.environment.working_bucket, "b.csv") == CONTENT
    assert zones.run().landing.delete_if_unchanged([("book.csv", etag)]) == [False]


@pytest.mark.usefixtures("small_parts")
def test_an_error_that_is_no_change_is_raised_and_leaves_nothing(zones: LocalZones) -> None:
    etag = landed_etag(zones)
    (zones.folder / zones.environment.working_bucket).rmdir()
    with pytest.raises(zones.s3.exceptions.NoSuchBucket):
        copied(zones, etag)
    assert list((zones.folder / ".localbucket-uploads").iterdir()) == []


def copied_from(s3: S3Client, size: int) -> bool:
    """Copy version 1 of a book of that size."""
    landing, working = Zone(s3, "landing"), Zone(s3, "working")
    return landing.copy_if_unchanged("book.csv", etag='"v1"', size=size, to=working, target="b.csv")


class _Body:
    def __init__(self, content: str) -> None:
        self._content = content.encode()

    def stream(self) -> list[bytes]:
        return [self._content]


class BigStore:
    """Answers a client's requests as S3 would with an object of any size, and keeps their headers."""

    def __init__(self, s3: S3Client, size: int) -> None:
        self.size = size
        self.copies: list[tuple[str, dict[str, str]]] = []
        events: Any = s3.meta.events  # its types know no handler that answers
        events.register("before-send.s3", self._answer)

    def _answer(self, request: Any, **_: object) -> AWSResponse:
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else str(value)
            for name, value in request.headers.items()
        }
        content = "<Result><UploadId>u</UploadId></Result>"
        if "x-amz-copy-source" in headers:
            self.copies.append((urlsplit(request.url).query, headers))
            content = "<CopyPartResult><ETag>part</ETag></CopyPartResult>"
        size = self.size if request.method == "HEAD" else len(content)
        body: Any = _Body("" if request.method == "HEAD" else content)
        answered: Any = {"content-length": str(size), "etag": '"v1"'}
        return AWSResponse(request.url, 200, answered, body)

    def ranges(self) -> list[tuple[int, int]]:
        """First byte of each part and the first that is not in it, in order."""
        found = (headers["x-amz-copy-source-range"].removeprefix("bytes=") for _, headers in self.copies)
        return sorted((int(first), int(last) + 1) for first, last in (text.split("-") for text in found))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (64 * MIB, 1),
        (64 * MIB + 1, 2),
        (5 * GIB, 80),
        (5 * GIB + 1, 81),
        (6 * GIB, 96),
        (5 * 1024 * GIB, 5_120),  # parts of 1 GiB: 64 MiB are doubled until 10,000 parts suffice
    ],
)
def test_the_parts_of_an_object_of_any_size_cover_it_exactly(size: int, parts: int) -> None:
    s3 = boto3.client("s3")
    store = BigStore(s3, size)
    assert copied_from(s3, size)
    ranges = store.ranges()
    assert len(ranges) == parts <= 10_000
    assert (ranges[0][0], ranges[-1][1]) == (0, size)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(ranges))
    assert max(end - start for start, end in ranges) <= 5 * GIB
    assert {headers["x-amz-copy-source-if-match"] for _, headers in store.copies} == {'"v1"'}
    assert all("partNumber=" in query for query, _ in store.copies), "CopyObject ends at 5 GiB"


def test_an_object_below_the_size_of_a_part_is_copied_in_one_request() -> None:
    s3 = boto3.client("s3")
    store = BigStore(s3, 64 * MIB - 1)
    assert copied_from(s3, store.size)
    (query, headers) = store.copies[0]
    assert len(store.copies) == 1
    assert "partNumber" not in query
    assert "x-amz-copy-source-range" not in headers
    assert headers["x-amz-copy-source-if-match"] == '"v1"'


def test_a_copy_of_another_size_than_its_source_is_an_error() -> None:
    s3 = boto3.client("s3")
    BigStore(s3, 70 * MIB)
    with pytest.raises(OSError, match="has 73400320 bytes after the copy, its source 73400321"):
        copied_from(s3, 70 * MIB + 1)
