"""CopyToWorking: one batch of planned files from landing to working, or to quarantine with the reason."""

from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from contract.csv_cutting import NotCuttableError
from contract.keys import plan_key
from contract.plan import Part, PlannedFile
from lambdas.shared.documents import read_plan
from lambdas.shared.environment import Environment
from lambdas.shared.gzip_check import find_gzip_problem
from lambdas.shared.observability import logger
from lambdas.shared.parts import copy_in_parts
from lambdas.shared.quarantine import write_reason
from lambdas.shared.receipts import Receipt, write_receipts
from lambdas.shared.zone import copy_if_unchanged, in_parallel

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log: Logger = logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """{run_id, batch} -> {copied, changed}; writes the receipts that acknowledgement goes by."""
    environment = Environment.read()
    return copy_batch(boto3.client("s3"), event["run_id"], event["batch"], environment)


def copy_batch(s3: "S3Client", run_id: str, batch: int, environment: Environment) -> dict[str, int]:
    """Copy the batch's files; one that has changed since it was planned is left for the next run."""
    plan = read_plan(s3, environment.working_bucket, plan_key(run_id))
    files = plan.batches(environment.task_limits)[batch]
    outcomes = in_parallel(lambda file: _copy(s3, run_id, file, environment), files)
    receipts = [receipt for receipt in outcomes if receipt]
    write_receipts(s3, environment.working_bucket, run_id, batch, receipts)
    return {"copied": len(receipts), "changed": len(files) - len(receipts)}


def _copy(s3: "S3Client", run_id: str, planned: PlannedFile, environment: Environment) -> Receipt | None:
    file = _checked(s3, run_id, planned, environment.landing_bucket)
    bucket = environment.quarantine_bucket if file.problem else environment.working_bucket
    source = (environment.landing_bucket, file.key)
    parts = () if file.problem else _cut(s3, file, environment)
    if not parts and not copy_if_unchanged(s3, source, file.etag, file.size, (bucket, file.target)):
        log.warning("changed after it was listed, left for the next run", extra={"key": file.key})
        return None
    write_reason(s3, bucket, file)
    return Receipt(file.key, file.etag, file.problem, parts)


def _cut(s3: "S3Client", file: PlannedFile, environment: Environment) -> tuple[Part, ...]:
    """The parts that a big file was copied in; none if it is small, cannot be cut, or has changed."""
    if file.size <= environment.copy_part_bytes:
        return ()
    try:
        return copy_in_parts(
            s3, environment.landing_bucket, file, environment.working_bucket, environment.copy_part_bytes
        )
    except NotCuttableError as error:
        log.warning("copied as a whole, one task of Spark's: %s", error, extra={"key": file.key})
        return ()


def _checked(s3: "S3Client", run_id: str, file: PlannedFile, landing: str) -> PlannedFile:
    """The file, unusable if it is gzip that cannot be unpacked to its end: Spark would fail on it."""
    if file.problem or not file.size or not file.key.endswith(".gz"):
        return file
    problem = find_gzip_problem(s3, landing, file.key, file.etag)
    if not problem:
        return file
    log.warning(problem, extra={"key": file.key})
    return file.unusable(run_id, problem)
