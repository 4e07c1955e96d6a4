"""What a spool has made ready, as records."""

import csv
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from catalog import DATASETS

Rows = dict[str, list[tuple[str, ...]]]
"""The records of each dataset, sorted: repetitions count."""


def ready(spool: Path) -> list[Path]:
    """The finished files."""
    return sorted((spool / "ready").glob("*/*.csv"))


def rows_of(files: Iterable[Path], *, with_version: bool = True) -> Rows:
    """The records of finished files; each file has the header of its dataset and at least one record."""
    found: Rows = {dataset.name: [] for dataset in DATASETS}
    columns = {dataset.name: list(dataset.column_names) for dataset in DATASETS}
    for file in files:
        with file.open(newline="", encoding="utf-8") as opened:
            header, *rows = csv.reader(opened, strict=True)
        assert header == columns[file.parent.name]
        assert rows, f"{file} has no record"
        assert {len(row) for row in rows} == {len(header)}
        found[file.parent.name] += [tuple(row if with_version else row[:-1]) for row in rows]
    return {name: sorted(rows) for name, rows in found.items()}


@dataclass
class Landing:
    """Takes ready files away, as an uploader does."""

    folder: Path
    files: list[Path] = field(default_factory=list)

    def take(self, spool: Path) -> None:
        for file in ready(spool):
            target = self.folder / file.parent.name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            assert not target.exists(), "a file that had landed came back"
            shutil.move(file, target)
            self.files.append(target)
