"""CopyToWorking: one batch of planned files from landing to working, or to quarantine with the reason."""

import json
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from lambdas.shared.environment import Environment
from lambdas.shared.observability import logger
from lambdas.shared.plan import Plan, PlannedFile, plan_key, receipt_key
from lambdas.shared.zone import copy_if_unchanged, in_parallel

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log: Logger = logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """{run_id, batch} -> {copied, changed}; writes the receipt that acknowledgement goes by."""
    environment = Environment.read()
    return copy_batch(boto3.client("s3"), event["run_id"], event["batch"], environment)


def copy_batch(s3: "S3Client", run_id: str, batch: int, environment: Environment) -> dict[str, int]:
    """Copy the batch's files; one that has changed since it was planned is left for the next run."""
    body = s3.get_object(Bucket=environment.working_bucket, Key=plan_key(run_id))["Body"].read()
    files = Plan.from_json(body).batch(batch, environment.copy_files_per_task)
    outcomes = in_parallel(lambda file: _copy(s3, file, environment), files)
    copied = [file for file, done in zip(files, outcomes, strict=True) if done]
    s3.put_object(
        Bucket=environment.working_bucket,
        Key=receipt_key(run_id, batch),
        Body=json.dumps([{"key": file.key, "etag": file.etag} for file in copied]).encode(),
    )
    return {"copied": len(copied), "changed": len(files) - len(copied)}


def _copy(s3: "S3Client", file: PlannedFile, environment: Environment) -> bool:
    bucket = environment.quarantine_bucket if file.problem else environment.working_bucket
    source = (environment.landing_bucket, file.key)
    done = copy_if_unchanged(s3, source, file.etag, file.size, (bucket, file.target))
    if not done:
        log.warning("changed after it was listed, left for the next run", extra={"key": file.key})
    elif file.problem:
        reason = {"key": file.key, "etag": file.etag, "size": file.size, "problem": file.problem}
        s3.put_object(Bucket=bucket, Key=f"{file.target}.reason.json", Body=json.dumps(reason).encode())
    return done
