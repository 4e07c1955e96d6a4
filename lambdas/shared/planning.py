"""Decides which landing objects a run takes, and describes the plan. Pure functions, no S3."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from contract.keys import dataset_folder, empty_folder, file_name, unusable_folder
from contract.ledger import problem_told
from contract.plan import LandingObject, Limits, Plan, PlannedFile
from contract.texts import fitting
from lambdas.shared.recognise import dataset_of, unknown_name_problem

# of notes for a person: state data holds 256 KiB, and JSON makes up to three bytes of one; the log has all notes
_NOTES, _NOTE_BYTES = 20, 400
_NAMED = 3


def bound_batch(objects: Iterable[LandingObject], limits: Limits) -> tuple[list[LandingObject], int]:
    """The oldest objects that fit into one run, and the number of objects that wait for the next run."""
    ordered = sorted(objects, key=lambda item: (item.modified, item.key))
    chosen: list[LandingObject] = []
    total = 0
    for item in ordered:
        if chosen and (len(chosen) == limits.files or total + item.size > limits.bytes):
            break
        chosen.append(item)
        total += item.size
    return chosen, len(ordered) - len(chosen)


def make_plan(run_id: str, objects: Iterable[LandingObject], *, left_for_later: int = 0) -> Plan:
    """Where each object goes, by its name and its size; what is in it, the Spark job will see."""
    files = [_planned(item, number, run_id) for number, item in enumerate(objects)]
    return Plan(run_id=run_id, files=tuple(files), left_for_later=left_for_later)


def summary(plan: Plan, limits: Limits) -> dict[str, Any]:
    """The part of a plan that the state machine needs: figures, copy batches and notes, never the list of files."""
    usable = [file for file in plan.files if not file.problem]
    return {
        "files": len(usable),
        "bytes": sum(file.size for file in usable),
        "quarantined_files": len(plan.files) - len(usable),
        "published_before": len(plan.published),
        "notes": notes_told(notes_of(plan)),
        "left_for_later": plan.left_for_later,
        "batches": list(range(len(plan.batches(limits)))),
        "has_rows": any(map(plan.has_records, plan.files)),
    }


def notes_told(notes: Iterable[str]) -> list[str]:
    """As many notes as the state data takes, each as long as it takes."""
    return [fitting(text, _NOTE_BYTES) for text in islice(notes, _NOTES)]


def notes_of(plan: Plan) -> list[str]:
    """Everything odd about the landed files, in words."""
    problems = [f"{file.key}: {file.problem}" for file in plan.files if file.problem]
    empty = [f"{file.key}: holds nothing" for file in plan.files if plan.is_empty(file)]
    return [*problems, *empty, *_markers_told(plan), *plan.published]


def _markers_told(plan: Plan) -> list[str]:
    """One note for all markers: a writer of many files leaves many of them."""
    names = [marker.key for marker in plan.markers]
    return [f"{named(names)}: left by another program, hold no data, are deleted unread"] if names else []


def named(keys: Sequence[str]) -> str:
    """Some of the keys, and how many more there are."""
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return f"{', '.join(keys[:_NAMED])}{more}"


def _planned(item: LandingObject, number: int, run_id: str) -> PlannedFile:
    dataset = dataset_of(item.key)
    if dataset is None:
        folder, problem = unusable_folder(run_id), problem_told(unknown_name_problem(item.key))
    else:
        folder = dataset_folder(run_id, dataset.name) if item.size else empty_folder(run_id)
        problem = None
    return PlannedFile(
        key=item.key,
        etag=item.etag,
        size=item.size,
        target=folder + file_name(number, item.key),
        dataset=dataset.name if dataset else None,
        problem=problem,
    )
