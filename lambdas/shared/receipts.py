"""What the copy tasks of a run have written down: the landing objects that were really copied."""

import json
from typing import TYPE_CHECKING

from lambdas.shared.plan import receipt_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def read_receipts(s3: "S3Client", bucket: str, run_id: str) -> dict[str, str]:
    """{landing key: ETag} of every object that the run has copied."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=receipt_prefix(run_id))
    return {
        entry["key"]: entry["etag"]
        for page in pages
        for item in page.get("Contents", [])
        for entry in json.load(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"])
    }
