"""PlanCopies: what has landed, what of it this run takes, and where it goes."""

import re
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from lambdas.shared.environment import Environment
from lambdas.shared.errors import InvalidExecutionInput
from lambdas.shared.observability import logger
from lambdas.shared.plan import LandingObject, Plan, plan_key
from lambdas.shared.planning import Header, Zones, bound_batch, make_plan
from lambdas.shared.recognise import HEADER_BYTES, dataset_of, read_header
from lambdas.shared.window import review_window
from lambdas.shared.zone import in_parallel, list_objects, read_head

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_RUN_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")
_NOTES, _NOTE_LENGTH = 20, 500  # what a person reads; all of it is in the log and in the plan
log: Logger = logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, started, input} -> {window, batches, files, quarantined_files, ...}; writes the plan."""
    environment = Environment.read()
    run_id = _checked_run_id(event["run_id"])
    window = review_window(event["input"], event["started"], environment.analytics_window_days)
    s3 = boto3.client("s3")
    plan = plan_run(s3, run_id, environment)
    if plan.files:
        s3.put_object(Bucket=environment.working_bucket, Key=plan_key(run_id), Body=plan.to_json().encode())
    return summary(plan, environment.copy_files_per_task) | {"window": window}


def plan_run(s3: "S3Client", run_id: str, environment: Environment) -> Plan:
    """List landing, take what fits into one run, read the headers."""
    chosen, left = bound_batch(
        list_objects(s3, environment.landing_bucket), environment.batch_max_files, environment.batch_max_bytes
    )

    def read(item: LandingObject) -> tuple[str, Header] | None:
        if dataset_of(item.key) is None:
            return item.key, Header()
        head = read_head(s3, environment.landing_bucket, item, HEADER_BYTES)
        return None if head is None else (item.key, Header(*read_header(item.key, head)))

    headers = dict(found for found in in_parallel(read, chosen) if found)
    zones = Zones(working=environment.working_bucket, quarantine=environment.quarantine_bucket)
    return make_plan(run_id, chosen, headers, zones, left)


def summary(plan: Plan, files_per_task: int) -> dict[str, Any]:
    """What the state machine needs of a plan: never the list of files, which may be long."""
    problems = [f"{file.key}: {file.problem}" for file in plan.files if file.problem]
    empty = [f"{file.key}: holds nothing" for file in plan.files if "/empty/" in file.target]
    notes = [*problems, *empty, *plan.drift]
    for text in notes:
        log.warning(text)
    return {
        "files": sum(1 for file in plan.files if not file.problem),
        "bytes": sum(file.size for file in plan.files if not file.problem),
        "quarantined_files": len(problems),
        "notes": [text[:_NOTE_LENGTH] for text in notes[:_NOTES]],
        "left_for_later": plan.left_for_later,
        "batches": list(range(-(-len(plan.files) // files_per_task))),
        "has_rows": bool(plan.layouts),
    }


def _checked_run_id(run_id: str) -> str:
    """The execution name becomes part of S3 keys and of the COPY statement's path."""
    if not _RUN_ID.fullmatch(run_id):
        raise InvalidExecutionInput(
            f"the execution is named {run_id!r}; expected at most 80 letters, digits, '.', '_' and '-'"
        )
    return run_id
