"""The first steps of a run, by their handlers."""

from lambdas import copy_to_working, plan_copies


def plan(run_id: str = "r1") -> list[int]:
    """Plan a run; the numbers of its batches."""
    batches: list[int] = plan_copies.handler(
        {"run_id": run_id, "started": "2020-03-01T00:00:00Z", "input": {}}, None
    )["batches"]
    return batches


def copy(run_id: str = "r1", batch: int = 0) -> dict[str, int]:
    """Copy one batch of a planned run."""
    return copy_to_working.handler({"run_id": run_id, "batch": batch}, None)
