"""Files that cannot be used, kept whole with the reason beside them."""

import json
from typing import TYPE_CHECKING

from contract.keys import REASON
from contract.plan import PlannedFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def write_reason(s3: "S3Client", bucket: str, file: PlannedFile) -> None:
    """Say beside the quarantined file why it is there: its target with `.reason.json`; nothing if it has no problem."""
    if not file.problem:
        return
    reason = {"key": file.key, "etag": file.etag, "size": file.size, "problem": file.problem}
    s3.put_object(Bucket=bucket, Key=f"{file.target}{REASON}", Body=json.dumps(reason).encode())
