"""PlanCopies: what has landed, what of it this run takes, and where it goes."""

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import boto3

from contract.keys import landed_key, listed_key
from contract.plan import LandingObject, Plan
from lambdas.shared.acceptance import accepts_rejects
from lambdas.shared.documents import write_plan
from lambdas.shared.environment import Environment
from lambdas.shared.errors import InvalidExecutionInput
from lambdas.shared.planning import Header, Zones, bound_batch, make_plan
from lambdas.shared.recognise import HEADER_BYTES, dataset_of, read_header
from lambdas.shared.summary import log_notes, summary
from lambdas.shared.window import review_window
from lambdas.shared.zone import in_parallel, list_objects, read_head

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_RUN_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, started, input} -> plan: {window, accept_rejects, batches, files, quarantined_files, ...}.

    Writes the plan and, for Redshift, the keys and ETags of its files.
    """
    environment = Environment.read()
    run_id = _checked_run_id(event["run_id"])
    window = review_window(event["input"], event["started"], environment.analytics_window_days)
    accepted = accepts_rejects(event["input"])
    s3 = boto3.client("s3")
    plan = plan_run(s3, run_id, environment)
    log_notes(plan)
    if plan.files:
        write_plan(s3, environment.working_bucket, listed_key(run_id), plan)
        s3.put_object(
            Bucket=environment.working_bucket, Key=landed_key(run_id), Body=landed_csv(plan).encode()
        )
    return summary(plan, environment.task_limits) | {"window": window, "accept_rejects": accepted}


def landed_csv(plan: Plan) -> str:
    """Key and ETag of each planned file, a record each, without a header."""
    text = io.StringIO()
    # a carriage return in a key is quoted only if everything is
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(
        (file.key, file.etag) for file in plan.files
    )
    return text.getvalue()


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


def _checked_run_id(run_id: str) -> str:
    """The execution name becomes part of S3 keys and of the COPY statement's path."""
    if not _RUN_ID.fullmatch(run_id):
        raise InvalidExecutionInput(
            f"the execution is named {run_id!r}; expected at most 80 letters, digits, '.', '_' and '-'"
        )
    return run_id
