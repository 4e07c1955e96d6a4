"""Listing, copying and deleting objects under the condition that they are still the same."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from lambdas.shared.plan import LandingObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHANGED = {"PreconditionFailed", "NoSuchKey", "404", "412"}
_THREADS = 16


def list_objects(s3: "S3Client", bucket: str) -> Iterator[LandingObject]:
    """Every object of a bucket; keys that end with a slash are consoles' folder markers and left out."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            if not item["Key"].endswith("/"):
                yield LandingObject(item["Key"], item["ETag"], item["Size"], item["LastModified"].isoformat())


def read_head(s3: "S3Client", bucket: str, item: LandingObject, size: int) -> bytes | None:
    """The first `size` bytes of an object, or None if it is not the listed one any more."""
    if item.size == 0:
        return b""
    try:
        answer = s3.get_object(Bucket=bucket, Key=item.key, Range=f"bytes=0-{size - 1}", IfMatch=item.etag)
    except ClientError as error:
        _raise_unless_changed(error)
        return None
    return answer["Body"].read() if answer["ETag"] == item.etag else None


def copy_if_unchanged(
    s3: "S3Client", source: tuple[str, str], etag: str, size: int, target: tuple[str, str]
) -> bool:
    """Copy an object (bucket, key) if it still has that ETag; False if it does not.

    Server-side, in parts where the object is too big for one request. Raises OSError if the copy's
    size is not the source's.
    """
    try:
        s3.copy(
            {"Bucket": source[0], "Key": source[1]},
            target[0],
            target[1],
            ExtraArgs={"CopySourceIfMatch": etag},
        )
    except ClientError as error:
        _raise_unless_changed(error)
        return False
    copied = s3.head_object(Bucket=target[0], Key=target[1])["ContentLength"]
    if copied != size:
        raise OSError(f"s3://{'/'.join(target)} has {copied} bytes after the copy, its source {size}")
    return True


def delete_if_unchanged(s3: "S3Client", bucket: str, key: str, etag: str) -> bool:
    """Delete an object if it still has that ETag; False if it is another one or gone."""
    try:
        if s3.head_object(Bucket=bucket, Key=key)["ETag"] != etag:
            return False
        s3.delete_object(Bucket=bucket, Key=key, IfMatch=etag)
    except ClientError as error:
        _raise_unless_changed(error)
        return False
    return True


def in_parallel(action: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The results of `action` in the order of the items; the first exception is raised."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(action, items))


def _raise_unless_changed(error: ClientError) -> None:
    if error.response["Error"]["Code"] not in _CHANGED:
        raise error
