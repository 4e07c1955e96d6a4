"""DropPublished: the plan without the files that the ledger holds already; those are deleted from landing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from contract.keys import listed_key, plan_key
from contract.plan import Plan, PlannedFile
from lambdas.shared.data_api import read_rows
from lambdas.shared.documents import read_plan, write_plan
from lambdas.shared.environment import Environment
from lambdas.shared.observability import logger
from lambdas.shared.summary import summary
from lambdas.shared.zone import delete_if_unchanged, in_parallel

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log: Logger = logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, plan, statement} -> plan; writes the plan that the copy tasks read.

    `statement` is the part of a finished Data API batch that has looked the landed files up in the ledger
    (sql/staging/published.sql).
    """
    environment = Environment.read()
    rows = read_rows(boto3.client("redshift-data"), event["statement"])
    published = {(row["file_key"], row["etag"]): row["run_id"] for row in rows}
    plan = drop_published(boto3.client("s3"), event["run_id"], published, environment)
    return {**event["plan"], **summary(plan, environment.task_limits)}


def drop_published(
    s3: "S3Client", run_id: str, published: Mapping[tuple[str, str], str], environment: Environment
) -> Plan:
    """Delete the published files, where they are still the same, and plan without them.

    `published` is {(landing key, ETag): the run that has published it}.
    """
    listed = read_plan(s3, environment.working_bucket, listed_key(run_id))
    known = [file for file in listed.files if (file.key, file.etag) in published]
    in_parallel(lambda file: _delete(s3, environment.landing_bucket, file), known)
    kept = listed.only({file.key for file in listed.files} - {file.key for file in known})
    notes = tuple(
        f"{file.key}: published by run {published[file.key, file.etag]}, not read again" for file in known
    )
    plan = replace(kept, published=notes)
    write_plan(s3, environment.working_bucket, plan_key(run_id), plan)
    return plan


def _delete(s3: "S3Client", bucket: str, file: PlannedFile) -> None:
    deleted = delete_if_unchanged(s3, bucket, key=file.key, etag=file.etag)
    log.info("published before", extra={"key": file.key, "etag": file.etag, "deleted": deleted})
