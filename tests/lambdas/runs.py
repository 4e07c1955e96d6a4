"""The first steps of a run, by their handlers."""

from typing import Any

from lambdas import confirm_copies, copy_to_working, drop_published, plan_copies
from lambdas.drop_published import Published
from tests.lambdas.zones import LocalZones

PUBLISHED_NOTHING: dict[tuple[str, str], Published] = {}


def plan(zones: LocalZones, run_id: str = "r1") -> list[int]:
    """Plan a run whose files are in no ledger; the numbers of its batches."""
    made = listed(run_id)
    if made["batches"]:
        drop_published.drop_published(zones.run(run_id), PUBLISHED_NOTHING)
    batches: list[int] = made["batches"]
    return batches


def listed(run_id: str = "r1") -> dict[str, Any]:
    """What PlanCopies says of the landing zone."""
    return plan_copies.handler({"run_id": run_id, "started": "2020-03-01T00:00:00Z", "input": {}}, None)


def copy(run_id: str = "r1", batch: int = 0) -> dict[str, int]:
    """Copy one batch of a planned run."""
    return copy_to_working.handler({"run_id": run_id, "batch": batch}, None)


def confirm(run_id: str = "r1") -> dict[str, Any]:
    """Confirm what was copied."""
    return confirm_copies.handler({"run_id": run_id, "plan": {"window": "kept"}}, None)
