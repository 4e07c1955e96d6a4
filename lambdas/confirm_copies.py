"""ConfirmCopies: the plan without what has changed between the listing and the copy."""

from typing import TYPE_CHECKING, Any

import boto3

from lambdas.shared.environment import Environment
from lambdas.shared.plan import Plan, copied_key, plan_key
from lambdas.shared.receipts import read_receipts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def handler(event: dict[str, Any], _context: object) -> dict[str, bool]:
    """{run_id} -> {has_rows}; writes the plan that the Spark job reads."""
    return confirm(boto3.client("s3"), event["run_id"], Environment.read().working_bucket)


def confirm(s3: "S3Client", run_id: str, bucket: str) -> dict[str, bool]:
    """Keep the planned files that were copied, and the layouts that still have files."""
    plan = Plan.from_json(s3.get_object(Bucket=bucket, Key=plan_key(run_id))["Body"].read())
    copied = plan.only(read_receipts(s3, bucket, run_id))
    s3.put_object(Bucket=bucket, Key=copied_key(run_id), Body=copied.to_json().encode())
    return {"has_rows": bool(copied.layouts)}
