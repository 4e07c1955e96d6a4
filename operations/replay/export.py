"""Writes a run's rejects as files that a person can edit."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from contract.rejects import Reject
from lambdas.shared.recognise import dataset_of
from landing.aside import written_aside
from operations.errors import OperationError
from operations.replay.records import RecordFiles, csv_record
from operations.replay.rejects import RejectedFile, rejects_of
from operations.zones import Zones

OVERVIEW = "rejects.csv"
"""The list of all rejects: why each was rejected, and where in the folder it is. The list itself is not landed."""

FILES = "files"
"""The folder for files that were rejected as a whole."""

_HEADING = ("repair", "line", "file", "record", "column", "rule", "value")


@dataclass
class Overview:
    """What was exported: how many records break each rule of each column, one value each, and why files were refused.

    `guessed` holds the files with rows that the job could split into fields only by a guess.
    """

    broken: Counter[tuple[str, str, str]] = field(
        default_factory=Counter
    )  # by path in the folder, column, rule
    values: dict[tuple[str, str, str], str] = field(default_factory=dict)
    files: list[tuple[str, str]] = field(default_factory=list)  # path in the folder, problem
    guessed: set[str] = field(default_factory=set)


def export(zones: Zones, run: str, folder: Path) -> Overview:
    """Write the run's rejects below `folder`, which appears complete or not at all.

    - <dataset>/rows-N.csv: rows with the same columns
    - <dataset>/encoding-N.csv: rows that are not UTF-8, unchanged
    - <dataset>/quoting-N.csv: rows with misplaced quotes, split by a guess
    - <dataset>/raw-NAME.csv: the records of one file that could not be split, unchanged; of a line beyond 16 MB the beginning, which says so
    - files/: whole files, unchanged
    - rejects.csv: the list of all rejects

    Raises OperationError if the folder is not empty, the run has no rejects, or a record lacks its header.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise OperationError(f"{folder} exists already and is not an empty folder: give a new folder")
    target = folder.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(target) as partial:
        partial.mkdir()
        return _write(zones, run, partial)


def _write(zones: Zones, run: str, folder: Path) -> Overview:
    rejects, overview = rejects_of(zones, run), Overview()
    with (
        (folder / OVERVIEW).open("w", encoding="utf-8", newline="") as listing,
        RecordFiles(folder) as records,
    ):
        listing.write(csv_record(_HEADING))
        for reject in rejects.records(zones):
            path, line = records.add(reject)
            _list_record(listing, overview, reject, path, line)
        for file in rejects.files(zones):
            path = path_of(file)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            zones.s3.download_file(zones.quarantine, file.target, str(folder / path))
            listing.write(csv_record([path, None, file.key, None, None, "file", file.problem]))
            overview.files.append((path, file.problem))
    return overview


def path_of(file: RejectedFile) -> str:
    """The path of a whole file in the folder: below its dataset's name if the key names a dataset, as in landing.

    The file keeps its name from quarantine, like `00012-author.csv`: some keys are not valid paths, and two keys may
    give the same path.
    """
    dataset, name = dataset_of(file.key), file.target.rpartition("/")[2]
    return f"{FILES}/{dataset.name}/{name}" if dataset else f"{FILES}/{name}"


def _list_record(listing: IO[str], overview: Overview, reject: Reject, path: str, line: int) -> None:
    if any(violation.rule == "quoting" for violation in reject.violations):
        overview.guessed.add(path)  # texts that were not split, too: side by side they may be one record
    for violation in reject.violations:
        place = (path, str(line), reject.file, str(reject.record))
        listing.write(csv_record([*place, violation.column, violation.rule, violation.value]))
        breach = (path, violation.column or "", violation.rule)
        overview.broken[breach] += 1
        overview.values.setdefault(breach, violation.value or "")
