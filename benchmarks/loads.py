"""A load: the files that every contestant reads, made once and kept in the work folder."""

import json
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.contestants import files_of
from benchmarks.duck import connect, landed_rows, quoted, render
from benchmarks.measure import Usage, measure
from catalog import DATASETS

FULL_BYTES = 12_200_000_000
"""The bytes that the original's load test fed to its pipeline every ten minutes."""

CAPTURED = ("2020-01-31", "2020-03-01")
"""The records of a load were captured from the first day up to the second (exclusive)."""


@dataclass(frozen=True)
class LoadFolder:
    """The folder of a load and of everything made from it.

    `part_bytes` is the greatest size of a file; None means one file for each dataset.
    """

    path: Path
    scale: float
    part_bytes: int | None

    @classmethod
    def of(cls, work: Path, scale: float, part_bytes: int | None = None) -> "LoadFolder":
        return cls(work.resolve() / _name(scale, part_bytes), scale, part_bytes)

    @property
    def name(self) -> str:
        """The load's name: `0.1`, or `0.1-files-of-128000000` if it is split."""
        return _name(self.scale, self.part_bytes)

    @property
    def data(self) -> Path:
        """The landing files."""
        return self.path / "data"

    def ties(self, dataset: str) -> Path:
        """The Parquet file of the tied keys: several rows share the key's newest time."""
        return self.path / f"ties-{dataset}.parquet"

    @property
    def description(self) -> Path:
        return self.path / "load.json"


@dataclass(frozen=True)
class Load:
    """A load that is ready to be read; `generation` is what faker_tool used to make it."""

    folder: LoadFolder
    bytes: int
    files: int
    records: Mapping[str, int]
    tied_keys: Mapping[str, int]
    generation: Usage


def ready(folder: LoadFolder) -> Load:
    """The load in the folder; it is made first if it is not there yet."""
    if not folder.description.exists():
        _make(folder)
    described = json.loads(folder.description.read_text(encoding="utf-8"))
    return Load(folder=folder, **(described | {"generation": Usage(**described["generation"])}))


def _name(scale: float, part_bytes: int | None) -> str:
    return f"{scale:g}" if part_bytes is None else f"{scale:g}-files-of-{part_bytes}"


def _make(folder: LoadFolder) -> None:
    size = ["--size", str(round(FULL_BYTES * folder.scale)), "--until", CAPTURED[1]]
    parts = [] if folder.part_bytes is None else ["--files-of", str(folder.part_bytes)]
    command = [sys.executable, "-m", "faker_tool", "--out", str(folder.data), "--force", *size, *parts]
    measured = measure(command, log=folder.path / "faker_tool.log")
    files = [path for dataset in DATASETS for path in files_of(folder.data, dataset)]
    records, tied = _looked_into(folder)
    described = {
        "bytes": sum(path.stat().st_size for path in files),
        "files": len(files),
        "records": records,
        "tied_keys": tied,
        "generation": asdict(measured.usage),
    }
    folder.description.write_text(json.dumps(described, indent=2), encoding="utf-8")


def _looked_into(folder: LoadFolder) -> tuple[dict[str, int], dict[str, int]]:
    """Count the records and the tied keys of each dataset, and write the tied keys to their files."""
    records, tied = {}, {}
    with closing(connect(folder.path / "temporary")) as connection:
        for dataset in DATASETS:
            rows = landed_rows(dataset, files_of(folder.data, dataset))
            query = render("ties.sql", key=dataset.key, rows=rows)
            target = folder.ties(dataset.name)
            connection.execute(render("to_parquet.sql", query=query, target=quoted(target)))
            records[dataset.name] = _one(connection.execute(render("count.sql", rows=rows)).fetchone())
            kept = f"read_parquet({quoted(target)})"
            tied[dataset.name] = _one(connection.execute(render("count.sql", rows=kept)).fetchone())
    return records, tied


def _one(row: tuple[int, ...] | None) -> int:
    return row[0] if row else 0
