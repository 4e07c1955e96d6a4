"""What an import has left, read back with the csv module."""

import csv
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress

from capture.ucsd.dumps import dumps_among
from capture.ucsd.importing import Imported, Importer
from catalog import Dataset
from landing.stores import FolderStore

CAPTURED_AT = datetime(2017, 11, 1, tzinfo=UTC)
NOW = datetime(2020, 2, 19, 12, 30, tzinfo=UTC)


def import_dumps(
    folder: Path, *paths: Path, limit: int | None = None, files_of: int = 1_000_000
) -> list[Imported]:
    """Import into `folder/landing`, rejects into `folder/rejects.jsonl`."""
    with Progress(disable=True) as progress:
        importer = Importer(
            store=FolderStore(folder / "landing"),
            rejects_path=folder / "rejects.jsonl",
            captured_at=CAPTURED_AT,
            now=NOW,
            files_of=files_of,
            limit=limit,
            progress=progress,
        )
        return importer.run(dumps_among(paths)[0])


def records(folder: Path, dataset: Dataset) -> list[dict[str, str]]:
    """The records of a dataset in `folder/landing`, in the order of the files' names."""
    found = []
    for path in sorted((folder / "landing" / dataset.name).glob("*")):
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, strict=True)
            found += list(reader)
            assert tuple(reader.fieldnames or ()) == dataset.column_names
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """All landing files."""
    landing = folder / "landing"
    return {
        path.relative_to(landing).as_posix(): path.read_bytes()
        for path in landing.rglob("*")
        if path.is_file()
    }
