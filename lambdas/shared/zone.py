"""Lists, reads, copies and deletes objects of a bucket, on the condition that they are still the same."""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.exceptions import ClientError
from s3transfer import exceptions
from s3transfer.futures import TransferFuture
from s3transfer.subscribers import BaseSubscriber

from contract.plan import LandingObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef, ObjectIdentifierTypeDef, ObjectTypeDef

Item = TypeVar("Item")
Result = TypeVar("Result")

# the condition of a part failed; an older s3transfer in the Lambda runtime passes on S3's own error
_PART_CHANGED = getattr(exceptions, "S3CopyFailedError", ClientError)
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "409", "412"}
_THREADS = 16
_DELETED_TOGETHER = 1000  # the most that S3 takes
_NOT_IN_XML = re.compile(r"[^\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
"""What XML cannot hold, or a parser would change; a request for many objects is XML."""

_MIB = 1024 * 1024
COPYING = TransferConfig(
    multipart_threshold=64 * _MIB,
    multipart_chunksize=64 * _MIB,  # the library doubles it until 10,000 parts suffice
    preferred_transfer_client="classic",  # the CRT client cannot copy
)
"""Objects of 64 MiB or more are copied in parallel parts; a single request can copy at most 5 GiB."""


class _Planned(BaseSubscriber):
    """Tells the transfer manager the planned version; otherwise it would ask S3 once more for each object."""

    def __init__(self, etag: str, size: int) -> None:
        self._etag, self._size = etag, size

    def on_queued(self, future: TransferFuture, **_: object) -> None:
        future.meta.provide_transfer_size(self._size)
        if hasattr(future.meta, "provide_object_etag"):  # an older s3transfer takes only the size
            future.meta.provide_object_etag(self._etag)


@dataclass(frozen=True)
class Zone:
    """A bucket, and the client that reaches it."""

    s3: "S3Client"
    bucket: str

    def uri(self, key: str) -> str:
        """The address of an object."""
        return f"s3://{self.bucket}/{key}"

    def objects(self, prefix: str = "") -> Iterator[LandingObject]:
        """All objects whose keys begin with the prefix."""
        for item in self._list(prefix):
            yield LandingObject(item["Key"], item["ETag"], item["Size"], item["LastModified"].isoformat())

    def read_head(self, item: LandingObject, size: int) -> bytes | None:
        """The first `size` bytes of a listed object; None if the object has changed since."""
        if item.size == 0:
            return b""
        try:
            answer = self.s3.get_object(
                Bucket=self.bucket, Key=item.key, Range=f"bytes=0-{size - 1}", IfMatch=item.etag
            )
        except ClientError as error:
            raise_unless_changed(error)
            return None
        return answer["Body"].read() if answer["ETag"] == item.etag else None

    def read(self, key: str) -> bytes:
        """The content of an object; for the small documents of a run."""
        return self.read_version(key)[0]

    def read_version(self, key: str) -> tuple[bytes, str]:
        """The content of an object, and its ETag."""
        answer = self.s3.get_object(Bucket=self.bucket, Key=key)
        return answer["Body"].read(), answer["ETag"]

    def read_below(self, prefix: str) -> Iterator[bytes]:
        """The content of each object below a prefix; for the small documents of a run."""
        for item in self._list(prefix):
            yield self.read(item["Key"])

    def write(self, key: str, content: bytes, content_type: str | None = None) -> None:
        """Write an object; it replaces an earlier one. Without a content type S3 takes it for bytes of no kind."""
        told: dict[str, Any] = {"ContentType": content_type} if content_type else {}
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, **told)

    def write_if_unchanged(self, key: str, content: bytes, etag: str | None) -> str | None:
        """Write an object if it still has that ETag, or, without an ETag, if there is none; the new ETag, None if it was not written.

        S3 User Guide, "How to prevent object overwrites with conditional writes".
        """
        condition: dict[str, Any] = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            return self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, **condition)["ETag"]
        except ClientError as error:
            raise_unless_changed(error)
            return None

    def etag(self, key: str) -> str:
        """The current ETag of an object."""
        return self.s3.head_object(Bucket=self.bucket, Key=key)["ETag"]

    def size(self, key: str) -> int:
        """The current size of an object."""
        return self.s3.head_object(Bucket=self.bucket, Key=key)["ContentLength"]

    def copy_if_unchanged(self, key: str, *, etag: str, size: int, to: "Zone", target: str) -> bool:
        """Copy an object to a key of another zone if it still has that ETag; False if it does not.

        S3 copies; a big object in parts. A failed copy leaves neither an object nor parts. OSError if the copy's size is
        not the source's.
        """
        try:
            same = self._copied(key, etag=etag, size=size, to=to, target=target)
        except ClientError as error:
            raise_unless_changed(error)
            return False
        except _PART_CHANGED:
            return False
        if not same and (copied := to.size(target)) != size:
            raise OSError(f"{to.uri(target)} has {copied} bytes after the copy, its source {size}")
        return True

    def _copied(self, key: str, *, etag: str, size: int, to: "Zone", target: str) -> bool:
        """Copy an object; whether the copy's ETag says that it has the same content, so that nobody need ask S3 for its size."""
        source: CopySourceTypeDef = {"Bucket": self.bucket, "Key": key}
        if size < COPYING.multipart_threshold:
            answer = self.s3.copy_object(
                Bucket=to.bucket, Key=target, CopySource=source, CopySourceIfMatch=etag
            )
            return answer["CopyObjectResult"]["ETag"] == etag
        with create_transfer_manager(self.s3, COPYING) as manager:
            future = manager.copy(
                source,
                to.bucket,
                target,
                extra_args={"CopySourceIfMatch": etag},
                subscribers=[_Planned(etag, size)],
            )
            future.result()
        return False

    def delete_if_unchanged(self, versions: Sequence[tuple[str, str]]) -> list[bool]:
        """Delete the objects that still have their ETag; for each key and ETag, whether the object was deleted.

        Many with one request each ("DeleteObjects" in S3's API reference). What that does not delete has changed or is gone, or S3 has a
        reason: a request of its own tells which.
        """
        fit = [version for version in versions if not _NOT_IN_XML.search(version[0])]
        together = [fit[start : start + _DELETED_TOGETHER] for start in range(0, len(fit), _DELETED_TOGETHER)]
        deleted = {key for keys in in_parallel(self._deleted, together) for key in keys}
        left = [version for version in versions if version[0] not in deleted]
        gone = dict(zip(left, in_parallel(self._delete_one, left), strict=True))
        return [gone.get(version, True) for version in versions]

    def _deleted(self, versions: Sequence[tuple[str, str]]) -> list[str]:
        """The keys of those objects that one request has deleted."""
        objects: list[ObjectIdentifierTypeDef] = [{"Key": key, "ETag": etag} for key, etag in versions]
        answer = self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": objects})
        return [entry["Key"] for entry in answer.get("Deleted", [])]

    def _delete_one(self, version: tuple[str, str]) -> bool:
        key, etag = version
        try:
            self.s3.delete_object(Bucket=self.bucket, Key=key, IfMatch=etag)
        except ClientError as error:
            raise_unless_changed(error)
            return False
        return True

    def _list(self, prefix: str) -> Iterator["ObjectTypeDef"]:
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            yield from page.get("Contents", [])


def in_parallel(
    action: Callable[[Item], Result], items: Sequence[Item], threads: int = _THREADS
) -> list[Result]:
    """The results of `action` in the order of the items; the first exception is raised."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(action, items))


def raise_unless_changed(error: ClientError) -> None:
    """Raise the error unless it says that the object has changed or is gone."""
    if error.response["Error"]["Code"] not in _CHANGED:
        raise error
