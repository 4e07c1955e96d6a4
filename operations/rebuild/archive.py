"""The archive: the copies of landed files that every run leaves in the working zone."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from botocore.exceptions import ClientError

from catalog import Dataset
from contract.header import HEADER_BYTES, read_header
from contract.keys import copied_key, run_folder
from contract.plan import LandingObject
from lambdas.shared.zone import Zone, in_parallel
from operations.errors import OperationError
from operations.zones import Zones

_GONE = "the archive holds it no longer"


@dataclass(frozen=True)
class PublishedFile:
    """A landed file whose rows a run has published: key, ETag and size in landing."""

    run_id: str
    key: str
    etag: str
    size: int
    rows: int


@dataclass(frozen=True)
class ArchivedFile:
    """A published file and its copies: one object, or the parts that an earlier version cut a big file into. With a `problem` it cannot be landed from them."""

    file: PublishedFile
    copies: tuple[LandingObject, ...] = ()
    problem: str | None = None


def look_up(zones: Zones, dataset: Dataset, files: Iterable[PublishedFile]) -> list[ArchivedFile]:
    """The copies of each file of a dataset, run by run; a file whose header the present catalog does not take has a problem."""
    by_run = [
        (run, list(group)) for run, group in groupby(sorted(files, key=_run_of), key=_run_of)
    ]  # sorted: a run is listed once
    found = in_parallel(lambda each: _look_up_run(zones, *each), by_run)
    archived = [file for files_of_run in found for file in files_of_run]
    working = Zone(zones.s3, zones.working)
    return in_parallel(lambda file: _with_header_judged(working, dataset, file), archived)


def land_again(zones: Zones, dataset: Dataset, files: Sequence[ArchivedFile]) -> None:
    """Copy the files from the archive into landing, below keys that belong to their run.

    The same copy gets the same key, so landing it again replaces it. OperationError if a copy has changed since it was listed.
    """
    working, landing = Zone(zones.s3, zones.working), Zone(zones.s3, zones.landing)

    def land(run: str, copy: LandingObject) -> None:
        if not working.copy_if_unchanged(
            copy.key, etag=copy.etag, size=copy.size, to=landing, target=landing_key(dataset, run, copy.key)
        ):
            raise OperationError(
                f"{working.uri(copy.key)} has changed while it was copied: give the command again"
            )

    in_parallel(
        lambda each: land(*each),
        [(archived.file.run_id, copy) for archived in files for copy in archived.copies],
    )


def landing_key(dataset: Dataset, run: str, copy: str) -> str:
    """The landing key of a copy: below the folder of its dataset, and unlike any other copy's."""
    return f"{dataset.name}/rebuild-{run}/{copy.rpartition('/')[2]}"


def _run_of(file: PublishedFile) -> str:
    return file.run_id


def _look_up_run(zones: Zones, run: str, files: Sequence[PublishedFile]) -> list[ArchivedFile]:
    working = Zone(zones.s3, zones.working)
    planned = {(each["key"], each["etag"]): each for each in _planned_files(working, run)}
    held = {item.key: item for item in working.objects(f"{run_folder(run)}/")} if planned else {}
    return [_archived(file, planned.get((file.key, file.etag)), held) for file in files]


def _planned_files(working: Zone, run: str) -> list[dict[str, Any]]:
    """The files of the run's plan as they were written: a Plan knows no parts."""
    try:
        files: list[dict[str, Any]] = json.loads(working.read(copied_key(run)))["files"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return []
    return files


def _archived(
    file: PublishedFile, planned: Mapping[str, Any] | None, held: Mapping[str, LandingObject]
) -> ArchivedFile:
    targets = _targets(planned) if planned else ()
    if planned is None or not all(target in held for target in targets):
        return ArchivedFile(file, problem=_GONE)
    return ArchivedFile(file, tuple(held[target] for target in targets))


def _with_header_judged(working: Zone, dataset: Dataset, archived: ArchivedFile) -> ArchivedFile:
    """The same file, or why it cannot be read; each part of a file has the file's header."""
    if archived.problem:
        return archived
    head = working.read_head(archived.copies[0], HEADER_BYTES)
    if head is None:
        return ArchivedFile(archived.file, problem=_GONE)
    if problem := read_header(archived.copies[0].key, head).problem_for(dataset):
        return ArchivedFile(archived.file, problem=f"the present catalog does not take it: {problem}")
    return archived


def _targets(planned: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of a file's copies in the archive."""
    return tuple(part["target"] for part in planned.get("parts", ())) or (planned["target"],)
