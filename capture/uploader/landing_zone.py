"""Files into the landing zone, whole and verified."""

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

# A dead network is noticed within half a minute; the uploader itself tries again for as long as it takes. The time to connect is also the
# longest that the network may stand still while a file is being sent.
_PATIENCE = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
_OF_ONE_FILE = frozenset(
    {"BadDigest", "EntityTooLarge", "IncompleteBody", "InvalidArgument", "InvalidDigest", "KeyTooLongError"}
)


class NotUploaded(CaptureError):  # noqa: N818 - a condition with a name of its own
    """One file cannot be landed as it is; others can."""


def _client() -> "S3Client":
    return boto3.client("s3", config=_PATIENCE)


@dataclass(frozen=True)
class Landing(BucketStore):
    """The bucket that takes finished files. Every method raises StoreError if it cannot be used at all."""

    s3: "S3Client" = field(default_factory=_client, compare=False)

    def check(self) -> None:
        """Look for the bucket before the first file is there; who may write to it need not be allowed to look."""
        with self._explained():
            try:
                self.s3.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if error.response["Error"]["Code"] != "403":
                    raise

    def put(self, file: BufferedReader, name: str) -> int:
        """Upload the file in one request, which S3 takes whole or not at all, and ask for what has arrived; its bytes.

        NotUploaded if that is not what is in the file, or if the landing zone does not take this one.
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
                    raise NotUploaded(f"{name} was not taken by {self}: {error}") from error
                raise
        if not sums.agree_with(arrived):
            raise NotUploaded(
                f"{name} is another one in {self} than in the spool: expected {sums}, found {arrived['ContentLength']} bytes with ETag "
                f"{arrived['ETag']}; it stays in the spool, see who else writes there"
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
        """Of the whole file, which is then at its beginning."""
        sha256 = hashlib.file_digest(file, "sha256").digest()
        file.seek(0)
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        return cls(size, b64encode(sha256).decode(), md5)

    def __str__(self) -> str:
        return f"{self.size} bytes with MD5 {self.md5}"

    def agree_with(self, arrived: "HeadObjectOutputTypeDef") -> bool:
        """By the checksum where the server keeps it, or else by the ETag, which with KMS keys is no MD5."""
        if arrived["ContentLength"] != self.size:
            return False
        if "ChecksumSHA256" in arrived:
            return arrived["ChecksumSHA256"] == self.sha256
        return arrived["ETag"].strip('"') == self.md5
