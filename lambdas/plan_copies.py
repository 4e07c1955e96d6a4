"""PlanCopies: lists landing, decides which files the run takes, and where each file goes. It reads none of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from contract.keys import listed_key
from contract.plan import LandingObject, Plan
from lambdas.shared.execution_input import (
    accepts_rejects,
    analytics_windows,
    asks_for_a_window,
    require_usable_name,
)
from lambdas.shared.planning import bound_batch, make_plan, notes_of, summary
from lambdas.shared.recognise import RESOURCE_FORK, is_marker, may_be_resource_fork
from lambdas.shared.run import Run

log = Logger()
measure = Metrics()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, started, input} -> plan: {window, window_asked, accept_rejects, batches, files, quarantined_files, ...}.

    Writes the plan and, for Redshift, the keys and ETags of its files.
    """
    run = Run.of(event)
    require_usable_name(run.run_id)
    window = analytics_windows(event["input"], event["started"], run.environment.analytics_window_days)
    told = {
        "window": window,
        "window_asked": asks_for_a_window(event["input"]),
        "accept_rejects": accepts_rejects(event["input"]),
    }
    plan = plan_run(run, event["started"])
    return summary(plan, run.environment.task_limits) | told


def plan_run(run: Run, started: str) -> Plan:
    """List landing, take the files that fit into one run; keep the plan if it has files.

    `started` is the run's start, ISO 8601: until then the files have waited.
    """
    objects, markers = _sorted_out(run)
    chosen, left = bound_batch(objects, run.environment.batch_limits)
    _tell_waiting(objects, chosen, started)
    plan = replace(make_plan(run.run_id, chosen, left_for_later=left), markers=markers)
    for note in notes_of(plan):
        log.warning(note)
    if plan.files:
        run.write_plan(listed_key, plan)
        run.write_landed(plan)
    return plan


def _tell_waiting(objects: Sequence[LandingObject], chosen: Sequence[LandingObject], started: str) -> None:
    """Publish how long the oldest file has waited, and what this run leaves; at once, whatever becomes of the run.

    This run was not skipped: the metric that counts skipped runs has a value for each run, and the alarm on late runs can rely on it.
    """
    oldest = min((datetime.fromisoformat(item.modified) for item in objects), default=None)
    waited = (datetime.fromisoformat(started) - oldest).total_seconds() if oldest else 0
    left = sum(item.size for item in objects) - sum(item.size for item in chosen)
    measure.add_metric("OldestFileSeconds", MetricUnit.Seconds, max(0, waited))
    measure.add_metric("FilesLeftForLater", MetricUnit.Count, len(objects) - len(chosen))
    measure.add_metric("BytesLeftForLater", MetricUnit.Bytes, left)
    measure.add_metric("RunsSkipped", MetricUnit.Count, 0)
    measure.flush_metrics()


def _sorted_out(run: Run) -> tuple[list[LandingObject], tuple[LandingObject, ...]]:
    """The objects of landing that may hold data, and the others."""
    found = list(run.landing.objects())
    markers = {item.key for item in found if is_marker(item.key) or _is_resource_fork(run, item)}
    return [item for item in found if item.key not in markers], tuple(
        item for item in found if item.key in markers
    )


def _is_resource_fork(run: Run, item: LandingObject) -> bool:
    """Whether it is one: the one thing that a name does not tell. Few names can be one."""
    return may_be_resource_fork(item.key) and run.landing.read_head(item, len(RESOURCE_FORK)) == RESOURCE_FORK
