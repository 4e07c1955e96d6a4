"""The plan of a run, as its stages keep it in the working zone."""

from typing import TYPE_CHECKING

from contract.plan import Plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def read_plan(s3: "S3Client", bucket: str, key: str) -> Plan:
    """The plan that a stage has written."""
    return Plan.from_json(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def write_plan(s3: "S3Client", bucket: str, key: str, plan: Plan) -> None:
    """Keep the plan as a stage leaves it."""
    s3.put_object(Bucket=bucket, Key=key, Body=plan.to_json().encode())
