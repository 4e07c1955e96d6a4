"""Whether a landed gzip object can be unpacked to its end."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.shared.gzip_check import gzip_problem
from lambdas.shared.zone import raise_unless_changed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def find_gzip_problem(s3: "S3Client", bucket: str, key: str, etag: str) -> str | None:
    """Why it cannot be unpacked; None if it can, or if it is not the object of that ETag any more."""
    try:
        body = s3.get_object(Bucket=bucket, Key=key, IfMatch=etag)["Body"]
    except ClientError as error:
        raise_unless_changed(error)
        return None
    with body:
        return gzip_problem(body)
