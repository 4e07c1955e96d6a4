"""What the state machine needs to know of a plan."""

from typing import Any

from aws_lambda_powertools import Logger

from contract.plan import Plan, TaskLimits
from lambdas.shared.observability import logger

_NOTES, _NOTE_LENGTH = 20, 250  # what a person reads; all of it is in the log and in the plan
log: Logger = logger()


def summary(plan: Plan, limits: TaskLimits) -> dict[str, Any]:
    """Figures, copy batches and notes of a plan: never its list of files, which may be long."""
    notes = _notes(plan)
    return {
        "files": sum(1 for file in plan.files if not file.problem),
        "bytes": sum(file.size for file in plan.files if not file.problem),
        "quarantined_files": sum(1 for file in plan.files if file.problem),
        "published_before": len(plan.published),
        "notes": [text[:_NOTE_LENGTH] for text in notes[:_NOTES]],
        "left_for_later": plan.left_for_later,
        "batches": list(range(len(plan.batches(limits)))),
        "has_rows": bool(plan.layouts),
    }


def log_notes(plan: Plan) -> None:
    """Write what is odd about the landed files to the log, all of it."""
    for text in _notes(plan):
        log.warning(text)


def _notes(plan: Plan) -> list[str]:
    problems = [f"{file.key}: {file.problem}" for file in plan.files if file.problem]
    empty = [f"{file.key}: holds nothing" for file in plan.files if plan.is_empty(file)]
    return [*problems, *empty, *plan.drift, *plan.published]
