"""Listing, copying and deleting objects under the condition that they are still the same."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.exceptions import ClientError
from s3transfer import exceptions
from s3transfer.futures import TransferFuture
from s3transfer.subscribers import BaseSubscriber

from contract.plan import LandingObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Item = TypeVar("Item")
Result = TypeVar("Result")

# a part's condition did not hold; the runtime's s3transfer may be one that passes on S3's own error
_PART_CHANGED = getattr(exceptions, "S3CopyFailedError", ClientError)
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "409", "412"}
_THREADS = 16
_MIB = 1024 * 1024
COPYING = TransferConfig(
    multipart_threshold=64 * _MIB,
    multipart_chunksize=64 * _MIB,  # doubled by the library until 10,000 parts suffice
    preferred_transfer_client="classic",  # the other one cannot copy
)
"""Objects from 64 MiB on are copied in parts, which S3 does at the same time; one request ends at 5 GiB."""


class _Planned(BaseSubscriber):
    """Tells the transfer manager the planned version; left alone it asks S3, once more for each object."""

    def __init__(self, etag: str, size: int) -> None:
        self._etag, self._size = etag, size

    def on_queued(self, future: TransferFuture, **_: object) -> None:
        future.meta.provide_transfer_size(self._size)
        if hasattr(future.meta, "provide_object_etag"):  # an older one wants to know the size only
            future.meta.provide_object_etag(self._etag)


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
        raise_unless_changed(error)
        return None
    return answer["Body"].read() if answer["ETag"] == item.etag else None


def read_below(s3: "S3Client", bucket: str, prefix: str) -> Iterator[bytes]:
    """What each object holds whose key begins with the prefix; for the small documents of a run."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            yield s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()


def copy_if_unchanged(
    s3: "S3Client", source: tuple[str, str], etag: str, size: int, target: tuple[str, str]
) -> bool:
    """Copy an object (bucket, key) if it still has that ETag; False if it does not.

    Server-side, in parts where the object is big; a copy that is given up leaves neither an object nor
    parts. Raises OSError if the copy's size is not the source's.
    """
    with create_transfer_manager(s3, COPYING) as manager:
        future = manager.copy(
            {"Bucket": source[0], "Key": source[1]},
            target[0],
            target[1],
            extra_args={"CopySourceIfMatch": etag},
            subscribers=[_Planned(etag, size)],
        )
        try:
            future.result()
        except ClientError as error:
            raise_unless_changed(error)
            return False
        except _PART_CHANGED:
            return False
    copied = s3.head_object(Bucket=target[0], Key=target[1])["ContentLength"]
    if copied != size:
        raise OSError(f"s3://{'/'.join(target)} has {copied} bytes after the copy, its source {size}")
    return True


def delete_if_unchanged(s3: "S3Client", bucket: str, key: str, etag: str) -> bool:
    """Delete an object if it still has that ETag; False if it is another one or gone."""
    try:
        s3.delete_object(Bucket=bucket, Key=key, IfMatch=etag)
    except ClientError as error:
        raise_unless_changed(error)
        return False
    return True


def in_parallel(
    action: Callable[[Item], Result], items: Sequence[Item], threads: int = _THREADS
) -> list[Result]:
    """The results of `action` in the order of the items; the first exception is raised."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(action, items))


def raise_unless_changed(error: ClientError) -> None:
    """Raise the error unless it says that the object is another one than expected, or gone."""
    if error.response["Error"]["Code"] not in _CHANGED:
        raise error
