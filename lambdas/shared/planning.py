"""Deciding what a run takes from the landing zone: pure functions, no S3."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalog import Dataset
from contract.keys import empty_folder, file_name, layout_folder, unusable_folder
from contract.plan import LandingObject, Layout, Plan, PlannedFile
from lambdas.shared.recognise import dataset_of, header_drift, header_problem, unknown_name_problem


@dataclass(frozen=True)
class Header:
    """What reading the start of a landing object gave; no columns and no problem: the file holds nothing."""

    columns: tuple[str, ...] | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Zones:
    """Bucket names."""

    working: str
    quarantine: str


def bound_batch(
    objects: Iterable[LandingObject], max_files: int, max_bytes: int
) -> tuple[list[LandingObject], int]:
    """The oldest objects that fit into one run, and how many are left for the next.

    One object is always taken, however big: it would wait for ever otherwise.
    """
    ordered = sorted(objects, key=lambda item: (item.modified, item.key))
    chosen: list[LandingObject] = []
    total = 0
    for item in ordered:
        if chosen and (len(chosen) == max_files or total + item.size > max_bytes):
            break
        chosen.append(item)
        total += item.size
    return chosen, len(ordered) - len(chosen)


def make_plan(
    run_id: str,
    objects: Sequence[LandingObject],
    headers: Mapping[str, Header],
    zones: Zones,
    left_for_later: int = 0,
) -> Plan:
    """Destination of each object; an object without an entry in `headers` has changed since it was listed."""
    layouts: dict[tuple[str, tuple[str, ...]], Layout] = {}
    files: list[PlannedFile] = []
    drift: dict[str, None] = {}
    for number, item in enumerate(item for item in objects if item.key in headers):
        dataset, header = dataset_of(item.key), headers[item.key]
        if dataset is None:
            files.append(_quarantined(item, run_id, unknown_name_problem(item.key), number))
        elif header.columns is None and header.problem is None:
            files.append(_empty(item, run_id, dataset.name, number))
        elif problem := header.problem or header_problem(dataset, header.columns or ()):
            files.append(_quarantined(item, run_id, problem, number))
        else:
            columns = header.columns or ()
            layout = layouts.setdefault(
                (dataset.name, columns), _layout(run_id, dataset, columns, len(layouts), zones.working)
            )
            if difference := header_drift(dataset, columns):
                drift[difference] = None
            files.append(_copied(item, layout, number))
    return Plan(
        run_id=run_id,
        files=tuple(files),
        layouts=tuple(layouts.values()),
        left_for_later=left_for_later,
        drift=tuple(drift),
    )


def _layout(run_id: str, dataset: Dataset, columns: tuple[str, ...], number: int, bucket: str) -> Layout:
    prefix = f"s3://{bucket}/{layout_folder(run_id, dataset.name, number)}"
    return Layout(dataset=dataset, columns=columns, prefix=prefix)


def _copied(item: LandingObject, layout: Layout, number: int) -> PlannedFile:
    return _planned(item, layout.folder, number, dataset=layout.dataset.name)


def _empty(item: LandingObject, run_id: str, dataset: str, number: int) -> PlannedFile:
    return _planned(item, empty_folder(run_id), number, dataset=dataset)


def _quarantined(item: LandingObject, run_id: str, problem: str, number: int) -> PlannedFile:
    return _planned(item, unusable_folder(run_id), number, problem=problem)


def _planned(
    item: LandingObject, folder: str, number: int, *, dataset: str | None = None, problem: str | None = None
) -> PlannedFile:
    return PlannedFile(
        key=item.key,
        etag=item.etag,
        size=item.size,
        target=folder + file_name(number, item.key),
        dataset=dataset,
        problem=problem,
    )
