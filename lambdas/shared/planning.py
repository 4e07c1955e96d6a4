"""Decides which landing objects a run takes, and describes the plan. Pure functions, no S3."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from contract.keys import empty_folder, file_name, layout_folder, unusable_folder
from contract.ledger import problem_told
from contract.plan import LandingObject, Layout, Limits, Plan, PlannedFile
from contract.texts import fitting
from lambdas.shared.recognise import dataset_of, header_drift, header_problem, unknown_name_problem

# of notes for a person: state data holds 256 KiB, and JSON makes up to three bytes of one; the log has all notes
_NOTES, _NOTE_BYTES = 20, 400
_NAMED = 3


@dataclass(frozen=True)
class Header:
    """The header of a landing object. Without columns and without a problem, the file holds nothing."""

    columns: tuple[str, ...] | None = None
    problem: str | None = None


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


def make_plan(
    run_id: str,
    objects: Sequence[LandingObject],
    headers: Mapping[str, Header],
    *,
    working: str,
    left_for_later: int = 0,
) -> Plan:
    """Where each object goes; `working` is the bucket of the copies.

    An object without an entry in `headers` has changed since it was listed.
    """
    layouts: dict[tuple[str, tuple[str, ...]], Layout] = {}
    files: list[PlannedFile] = []
    drift: dict[str, None] = {}
    for number, item in enumerate(item for item in objects if item.key in headers):
        dataset, header = dataset_of(item.key), headers[item.key]
        columns = header.columns or ()
        if dataset is None:
            files.append(_unusable(item, number, run_id, unknown_name_problem(item.key)))
        elif header.columns is None and header.problem is None:
            files.append(_planned(item, number, empty_folder(run_id), dataset=dataset.name))
        elif not header.problem and (known := layouts.get((dataset.name, columns))):
            files.append(_planned(item, number, known.folder, dataset=dataset.name))
        elif problem := header.problem or header_problem(dataset, columns):
            files.append(_unusable(item, number, run_id, problem))
        else:
            folder = layout_folder(run_id, dataset.name, len(layouts))
            new = Layout(dataset=dataset, columns=columns, prefix=f"s3://{working}/{folder}")
            layouts[dataset.name, columns] = new
            if difference := header_drift(dataset, columns):
                drift[difference] = None
            files.append(_planned(item, number, folder, dataset=dataset.name))
    return Plan(
        run_id=run_id,
        files=tuple(files),
        layouts=tuple(layouts.values()),
        left_for_later=left_for_later,
        drift=tuple(drift),
    )


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
        "has_rows": bool(plan.layouts),
    }


def notes_told(notes: Iterable[str]) -> list[str]:
    """As many notes as the state data takes, each as long as it takes."""
    return [fitting(text, _NOTE_BYTES) for text in islice(notes, _NOTES)]


def notes_of(plan: Plan) -> list[str]:
    """Everything odd about the landed files, in words."""
    problems = [f"{file.key}: {file.problem}" for file in plan.files if file.problem]
    empty = [f"{file.key}: holds nothing" for file in plan.files if plan.is_empty(file)]
    return [*problems, *empty, *_markers_told(plan), *plan.drift, *plan.published]


def _markers_told(plan: Plan) -> list[str]:
    """One note for all markers: a writer of many files leaves many of them."""
    names = [marker.key for marker in plan.markers]
    return [f"{named(names)}: left by another program, hold no data, are deleted unread"] if names else []


def named(keys: Sequence[str]) -> str:
    """Some of the keys, and how many more there are."""
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return f"{', '.join(keys[:_NAMED])}{more}"


def _unusable(item: LandingObject, number: int, run_id: str, problem: str) -> PlannedFile:
    return _planned(item, number, unusable_folder(run_id), problem=problem)


def _planned(
    item: LandingObject, number: int, folder: str, *, dataset: str | None = None, problem: str | None = None
) -> PlannedFile:
    return PlannedFile(
        key=item.key,
        etag=item.etag,
        size=item.size,
        target=folder + file_name(number, item.key),
        dataset=dataset,
        problem=problem_told(problem),
    )
