"""The same bytes in other shapes: one file, four files, many small ones; and gzip that unpacks to fifty times its size."""

import gzip
import itertools
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from benchmarks.loads import CAPTURED, FULL_BYTES, Load, LoadFolder
from benchmarks.measure import Usage, in_turns, measure, time_ratio
from benchmarks.pipeline import run_pipeline, state_of
from catalog import REVIEWS

FOUR, ONE, MANY = "four files", "one file", "many files"
_MANY_BYTES = FULL_BYTES // 10_000
"""The full load is 10,000 files of this size."""

_UNPACKED_BYTES = 720_000_000  # whatever the scale: the memory is what is asked about
_PACKED = "reviews.csv.gz"
_TEXT_BYTES = 2_000


@dataclass(frozen=True)
class Shapes:
    """What an execution used with each shape of the same reviews, of `bytes` bytes, and a task with gzip of `packed_bytes`."""

    bytes: int
    used: dict[str, list[Usage]]
    files: dict[str, int]
    task: list[Usage]
    packed_bytes: int
    unpacked_bytes: int


def run_shapes(work: Path, scale: float, runs: int) -> Shapes:
    """Run the pipeline with each shape in turns, then a task of the Spark step alone with the gzip file."""
    size = round(FULL_BYTES * scale)
    loads = {
        FOUR: _reviews(work / f"shapes-{scale:g}-four", size, files_of=-(-size // 4)),
        ONE: _reviews(work / f"shapes-{scale:g}-one", size),
        MANY: _reviews(work / f"shapes-{scale:g}-many", size, files_of=_MANY_BYTES),
    }
    turns: dict[str, Callable[[], Usage]] = {name: partial(_execution, load) for name, load in loads.items()}
    used = in_turns(turns, runs)
    file, unpacked = packed(work / "shapes-gzip", _UNPACKED_BYTES)
    task = in_turns({"gzip": partial(run_task, file)}, runs)["gzip"]
    files = {name: load.files for name, load in loads.items()}
    return Shapes(size, used, files, task, file.stat().st_size, unpacked)


def shapes_told(shapes: Shapes) -> Mapping[str, str]:
    """A line for each figure that has an aim."""
    four = shapes.used[FOUR]
    lines = {
        name: f"{time_ratio(shapes.used[name], four).median:.2f} times {FOUR} ({shapes.files[name]:,} and {shapes.files[FOUR]:,})"
        for name in (ONE, MANY)
    }
    peak = max(used.peak_rss_bytes for used in shapes.task)
    size = f"{shapes.packed_bytes / 1e6:.1f} MB that unpack to {shapes.unpacked_bytes / 1e6:.0f} MB"
    return lines | {"gzip": f"{size}: a task's process takes {peak / 1e6:,.0f} MB"}


def _reviews(path: Path, size: int, files_of: int | None = None) -> Load:
    folder = LoadFolder(path.resolve(), size / FULL_BYTES, files_of)
    if not folder.data.exists():
        unfinished = folder.path / "unfinished"
        options = ["--size", str(size), "--until", CAPTURED[1], "--datasets", REVIEWS.name]
        split = [] if files_of is None else ["--files-of", str(files_of)]
        command = [sys.executable, "-m", "faker_tool", "--out", str(unfinished), "--force", *options, *split]
        measure(command, log=folder.path / "faker_tool.log")
        unfinished.rename(folder.data)
    files = [path for path in folder.data.rglob("*.csv") if path.is_file()]
    return Load(folder, sum(path.stat().st_size for path in files), len(files), {}, {}, Usage(0, 0, 0))


def _execution(load: Load) -> Usage:
    used = run_pipeline(load).execution
    shutil.rmtree(state_of(load).root)  # at full load the states of all shapes would fill a disk
    return used


def packed(folder: Path, size: int) -> tuple[Path, int]:
    """Write reviews that repeat one text as gzip, about a fiftieth of what it unpacks to; the file, and the bytes that it unpacks to."""
    folder.mkdir(parents=True, exist_ok=True)
    path, names = folder / _PACKED, REVIEWS.column_names
    values = {
        "review_text": "wonderful " * (_TEXT_BYTES // 10),
        "record_create_timestamp": f"{CAPTURED[0]} 00:00:00",
    }
    with gzip.open(path, "wb", compresslevel=6) as file:
        written = file.write(",".join(names).encode() + b"\n")
        for number in itertools.count(1):
            if written >= size:
                break
            row = values | {
                REVIEWS.key: str(number),
                "review_url": sha256(str(number).encode()).hexdigest()[:40],
            }
            written += file.write(",".join(row.get(name, "") for name in names).encode() + b"\n")
    return path, written


def run_task(file: Path) -> Usage:
    """What the process of a task of the Spark step uses for a gzip file of reviews."""
    command = [sys.executable, "-m", "benchmarks.contestants.one_task", str(file)]
    return measure(command, log=file.with_suffix(".log")).usage
