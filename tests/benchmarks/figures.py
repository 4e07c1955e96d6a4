"""Results with round figures."""

from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.contests import OTHERS, OURS
from benchmarks.loads import Load, LoadFolder
from benchmarks.measure import Usage
from benchmarks.pipeline import PipelineRun
from benchmarks.shapes import FOUR, MANY, ONE, Shapes


def load(work: Path, scale: float) -> Load:
    """A load of 12.2 GB times the scale that was never made."""
    millions = dict.fromkeys(("authors", "books", "reviews", "users"), round(12_000_000 * scale))
    tied = dict.fromkeys(millions, 0)
    size = round(12_200_000_000 * scale)
    return Load(LoadFolder.of(work, scale), size, 4, millions, tied, Usage(61.0 * scale, 90.0, 300_000_000))


def write_all(folder: Path, scale: float = 0.1) -> None:
    """A result of each contest; the pipeline takes 100 s in one round and 200 s in the other, DuckDB 50 s."""
    made = load(folder, scale)
    rounds = [Usage(100.0, 150.0, 1_000_000_000), Usage(200.0, 160.0, 3_000_000_000)]
    used = {OURS: rounds} | {program: [Usage(300.0, 1.0, 1)] * 2 for program in OTHERS}
    compared = {
        "dataset": "users",
        "rows": 1_001,
        "checksum": "5",
        "reference_rows": 1_000,
        "reference_checksum": "4",
        "tied_rows": 1,
        "wrong_rows": 0,
    }
    equal = compared | {"rows": 2_000, "checksum": "4", "reference_rows": 2_000, "tied_rows": 0}
    rows = {program: [compared, equal] for program in OTHERS}
    states = {
        "AcquireLease": Usage(0.01, 0.0, 0),
        "CopyToWorking": Usage(10.0, 5.0, 0),
        "CopyBatch": Usage(40.0, 5.0, 0),
        "TransformToProcessed": Usage(61.0, 120.0, 2_000_000_000),
    }
    runs = [PipelineRun(each, each, states) for each in rounds]
    write(folder, f"transform-{scale}", {"used": used, "rows": rows}, made)
    others = {"cluster": [Usage(250.0, 300.0, 5_000_000_000)] * 2, "duckdb": [Usage(50.0, 80.0, 1)] * 2}
    write(folder, f"pipeline-{scale}", {"pipeline": runs, **others}, made)
    generators = {"faker_tool": [Usage(2.0, 2.0, 1)], "original's way": [Usage(20.0, 20.0, 1)]}
    sizes = {"faker_tool": 20_000_000, "original's way": 18_000_000}
    write(folder, "generator", {"used": generators, "bytes": sizes})
    contestants = {"import": [Usage(4.0, 6.0, 200_000_000)], "DuckDB reads": [Usage(2.0, 1.0, 1)]}
    shapes = Shapes(
        1_000_000_000,
        {FOUR: [Usage(10.0, 8.0, 1)], ONE: [Usage(11.0, 8.0, 1)], MANY: [Usage(14.0, 9.0, 1)]},
        {FOUR: 4, ONE: 1, MANY: 820},
        [Usage(1.0, 1.0, 800_000_000)],
        14_000_000,
        720_000_000,
    )
    write(folder, "shapes-0.1", vars(shapes))
    write(folder, "imports", {"used": {"ratings.csv": contestants}, "bytes": {"ratings.csv": 200_000_000}})


def write(folder: Path, name: str, figures: dict[str, Any], made: Load | None = None) -> None:
    results.write(folder, name, command=f"python -m benchmarks {name}", figures=figures, load=made)
