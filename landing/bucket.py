"""Writes landing files straight to S3, without a copy on the local disk and with little memory."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from landing.errors import StoreError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client

Bytes = bytes | memoryview
SCHEME = "s3://"
_PART = 16 * 1024 * 1024  # bytes; S3 allows 10,000 parts an object, and boto3 keeps ten in memory
_FULL = "InsufficientStorage"  # error code of the local S3 server; its message needs no explanation
_CAUSES = {
    "404": "there is no such bucket; make it, or deploy the application that has it",
    "NoSuchBucket": "there is no such bucket; make it, or deploy the application that has it",
    "403": "access is denied; use credentials that may list, write and delete there",
    "AccessDenied": "access is denied; use credentials that may list, write and delete there",
}


@dataclass(frozen=True)
class BucketStore:
    """The objects of a bucket below `prefix`. A prefix is empty or ends with a slash.

    The endpoint and the credentials come from the environment, as with the AWS CLI. Every method may raise StoreError.
    """

    bucket: str
    prefix: str = ""
    s3: "S3Client" = field(default_factory=lambda: boto3.client("s3"), compare=False)

    @classmethod
    def at(cls, address: str) -> Self:
        """The store at `s3://bucket/prefix`; ValueError if the address names no bucket."""
        bucket, _, prefix = address.removeprefix(SCHEME).partition("/")
        if not bucket:
            raise ValueError(f"{address!r} names no bucket; write it like s3://bucket/prefix")
        prefix = prefix.strip("/")
        return cls(bucket, f"{prefix}/" if prefix else "")

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}"

    def names(self, stem: str) -> list[str]:
        """The names below the prefix that begin with `stem`, sorted."""
        with self._explained():
            pages = self.s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + stem
            )
            keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return sorted(key.removeprefix(self.prefix) for key in keys)

    def remove(self, name: str) -> None:
        """Remove an object."""
        with self._explained():
            self.s3.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def write(self, name: str, blocks: Iterable[Bytes]) -> int:
        """Upload the blocks as one object while they are produced. Returns the object's bytes; after an error there is no object."""
        stream = _Stream(iter(blocks))
        with self._explained():
            self.s3.upload_fileobj(
                io.BufferedReader(stream, _PART),
                self.bucket,
                self.prefix + name,
                Config=TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART),
            )
        return stream.size

    def upload(self, path: Path, name: str) -> None:
        """Upload a file."""
        # upload_file wraps S3's error in an error of its own, without S3's code
        with self._explained(), path.open("rb") as file:
            self.s3.upload_fileobj(file, self.bucket, self.prefix + name)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except NoCredentialsError:
            raise StoreError(
                f"{self}: no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ) from None
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            cause = message if code == _FULL else _CAUSES.get(code, str(error))
            raise StoreError(f"{self}: {cause}") from error
        except BotoCoreError as error:
            raise StoreError(
                f"{self}: {error}; check AWS_ENDPOINT_URL_S3, AWS_REGION and the network"
            ) from error


class _Stream(io.RawIOBase):
    """Lets boto3 read blocks as a file. `size` counts the bytes read so far."""

    def __init__(self, blocks: Iterator[Bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: "WriteableBuffer", /) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        room = memoryview(target)
        count = min(len(room), len(self._rest))
        room[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self.size += count
        return count
