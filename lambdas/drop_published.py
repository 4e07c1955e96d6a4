"""DropPublished: deletes from landing the files that the ledger already has, and plans without them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger

from contract.keys import listed_key, plan_key
from contract.plan import Plan, PlannedFile
from lambdas.shared.data_api import read_rows
from lambdas.shared.planning import summary
from lambdas.shared.run import Run
from lambdas.shared.zone import in_parallel

log = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, plan, statement} -> plan; writes the plan that the copy tasks read.

    `statement` is the statement of a finished Data API batch that looked up the landed files in the ledger
    (sql/staging/published.sql).
    """
    run = Run.of(event)
    published = {(row["file_key"], row["etag"]): row["run_id"] for row in read_rows(event["statement"])}
    return {**event["plan"], **summary(drop_published(run, published), run.environment.task_limits)}


def drop_published(run: Run, published: Mapping[tuple[str, str], str]) -> Plan:
    """Delete each published file if it is still the same object, and plan without it.

    `published` is {(landing key, ETag): the run that published the file}.
    """
    listed = run.read_plan(listed_key)
    known = [file for file in listed.files if (file.key, file.etag) in published]
    in_parallel(lambda file: _delete(run, file), known)
    kept = listed.only({file.key for file in listed.files} - {file.key for file in known})
    notes = tuple(
        f"{file.key}: published by run {published[file.key, file.etag]}, not read again" for file in known
    )
    plan = replace(kept, published=notes)
    if not plan.files:  # there will be nothing to acknowledge
        in_parallel(lambda marker: run.landing.delete_if_unchanged(marker.key, marker.etag), plan.markers)
    run.write_plan(plan_key, plan)
    return plan


def _delete(run: Run, file: PlannedFile) -> None:
    deleted = run.landing.delete_if_unchanged(file.key, file.etag)
    log.info("published before", extra={"key": file.key, "etag": file.etag, "deleted": deleted})
