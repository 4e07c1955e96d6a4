"""ConfirmCopies: the plan without what has changed between the listing and the copy, or proved unusable in it."""

from typing import TYPE_CHECKING, Any

import boto3

from contract.keys import copied_key, plan_key
from contract.plan import Plan
from lambdas.shared.documents import read_plan, write_plan
from lambdas.shared.environment import Environment
from lambdas.shared.receipts import read_receipts
from lambdas.shared.summary import summary

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, plan} -> plan; writes the plan that the Spark job reads."""
    environment = Environment.read()
    plan = confirm(boto3.client("s3"), event["run_id"], environment.working_bucket)
    return {**event["plan"], **summary(plan, environment.task_limits)}


def confirm(s3: "S3Client", run_id: str, bucket: str) -> Plan:
    """Keep the planned files that were copied, and the layouts that still have files."""
    receipts = read_receipts(s3, bucket, run_id)
    copied = read_plan(s3, bucket, plan_key(run_id)).only({receipt.key for receipt in receipts})
    confirmed = copied.without({receipt.key: receipt.problem for receipt in receipts if receipt.problem})
    confirmed = confirmed.cut({receipt.key: receipt.parts for receipt in receipts})
    write_plan(s3, bucket, copied_key(run_id), confirmed)
    return confirmed
