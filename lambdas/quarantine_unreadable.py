"""QuarantineUnreadable: the files that Spark could not read, to quarantine with the reason."""

import json
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from contract.keys import copied_key, unreadable_prefix
from contract.plan import Plan, PlannedFile
from lambdas.shared.documents import read_plan
from lambdas.shared.environment import Environment
from lambdas.shared.observability import logger
from lambdas.shared.quarantine import write_reason
from lambdas.shared.summary import summary
from lambdas.shared.zone import copy_if_unchanged, in_parallel, read_below

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log: Logger = logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, plan} -> plan; without such a file it does nothing."""
    environment = Environment.read()
    s3 = boto3.client("s3")
    problems = read_problems(s3, environment.quarantine_bucket, event["run_id"])
    if not problems:
        return dict(event["plan"])
    plan = quarantine(s3, event["run_id"], problems, environment)
    return {**event["plan"], **summary(plan, environment.task_limits)}


def read_problems(s3: "S3Client", bucket: str, run_id: str) -> dict[str, str]:
    """{landing key: why Spark could not read the file}, as the Spark job has written it down."""
    documents = read_below(s3, bucket, unreadable_prefix(run_id))
    entries = (json.loads(line) for document in documents for line in document.splitlines())
    return {entry["key"]: entry["problem"] for entry in entries}


def quarantine(s3: "S3Client", run_id: str, problems: dict[str, str], environment: Environment) -> Plan:
    """Copy the files, each with its reason beside it; the plan with them as unusable."""
    copied = read_plan(s3, environment.working_bucket, copied_key(run_id))
    plan = copied.without(problems)
    pairs = [pair for pair in zip(copied.files, plan.files, strict=True) if pair[0] != pair[1]]
    in_parallel(lambda pair: _copy(s3, *pair, environment), pairs)
    return plan


def _copy(s3: "S3Client", read: PlannedFile, unusable: PlannedFile, environment: Environment) -> None:
    if read.parts:  # the whole is in landing only; if that has changed, the next run reads what it is now
        source, etag = (environment.landing_bucket, read.key), read.etag
    else:
        source = (environment.working_bucket, read.target)
        etag = s3.head_object(Bucket=source[0], Key=source[1])["ETag"]  # of a copy by parts it is its own
    if not copy_if_unchanged(s3, source, etag, read.size, (environment.quarantine_bucket, unusable.target)):
        raise OSError(f"s3://{'/'.join(source)} has changed while it was copied to quarantine")
    write_reason(s3, environment.quarantine_bucket, unusable)
    log.warning(unusable.problem, extra={"key": unusable.key})
