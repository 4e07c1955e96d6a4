"""Uploads files to the landing zone and verifies them."""

import hashlib
import os
from base64 import b64encode
from dataclasses import dataclass, field
from io import BufferedReader
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from capture.errors import CaptureError
from landing.bucket import BucketStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

# A dead network is noticed within half a minute; the uploader itself keeps trying. `connect_timeout` also limits how
# long the network may stand still while a file is being sent.
_PATIENCE = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
_OF_ONE_FILE = frozenset(
    {"BadDigest", "EntityTooLarge", "IncompleteBody", "InvalidArgument", "InvalidDigest", "KeyTooLongError"}
)


class NotUploaded(CaptureError):  # noqa: N818 - a condition with a name of its own
    """One file cannot be landed as it is; other files can."""


def _client() -> "S3Client":
    return boto3.client("s3", config=_PATIENCE)


@dataclass(frozen=True)
class Landing(BucketStore):
    """The bucket that takes finished files. Every method may raise StoreError: then the bucket cannot be used for any file."""

    s3: "S3Client" = field(default_factory=_client, compare=False)

    def check(self) -> None:
        """Look for the bucket before the first file is uploaded. A refused look is no error: a writer need not have that right."""
        with self._explained():
            try:
                self.s3.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if error.response["Error"]["Code"] != "403":
                    raise

    def put(self, file: BufferedReader, name: str) -> int:
        """Upload the file in one request, which S3 takes whole or not at all, and compare the object with it; returns its bytes.

        Raises NotUploaded if the object is not equal to the file, or if the landing zone refuses this file.
        """
        sums = _Sums.of(file)
        with self._explained():
            try:
                self.s3.put_object(
                    Bucket=self.bucket,
                    Key=self.prefix + name,
                    Body=file,
                    ContentLength=sums.size,
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=sums.sha256,
                )
                arrived = self.s3.head_object(
                    Bucket=self.bucket, Key=self.prefix + name, ChecksumMode="ENABLED"
                )
            except ClientError as error:
                if _is_of_one_file(error):
                    raise NotUploaded(f"{name} could not be landed in {self}: {error}") from error
                raise
        if not sums.agree_with(arrived):
            raise NotUploaded(
                f"after the upload, {name} in {self} differs from the file in the spool: expected {sums}, found "
                f"{arrived['ContentLength']} bytes with ETag {arrived['ETag']}. "
                "The file stays in the spool; find out who else writes to this key"
            )
        return sums.size


def _is_of_one_file(error: ClientError) -> bool:
    missing_after_upload = error.operation_name == "HeadObject" and error.response["Error"]["Code"] == "404"
    return missing_after_upload or error.response["Error"]["Code"] in _OF_ONE_FILE


@dataclass(frozen=True)
class _Sums:
    size: int
    sha256: str
    md5: str

    @classmethod
    def of(cls, file: BufferedReader) -> "_Sums":
        """The sums of the whole file; afterwards the file is at its beginning."""
        sha256 = hashlib.file_digest(file, "sha256").digest()
        file.seek(0)
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        return cls(size, b64encode(sha256).decode(), md5)

    def __str__(self) -> str:
        return f"{self.size} bytes with MD5 {self.md5}"

    def agree_with(self, arrived: "HeadObjectOutputTypeDef") -> bool:
        """Compare the checksum if the server keeps it, else the ETag (which is not an MD5 if the bucket has a KMS key)."""
        if arrived["ContentLength"] != self.size:
            return False
        if "ChecksumSHA256" in arrived:
            return arrived["ChecksumSHA256"] == self.sha256
        return arrived["ETag"].strip('"') == self.md5
