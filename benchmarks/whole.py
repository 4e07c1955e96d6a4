"""From landing files to the warehouse: the pipeline against DuckDB alone."""

import shutil
import sys
from dataclasses import dataclass
from functools import partial

from benchmarks.loads import Load
from benchmarks.measure import Usage, measure
from benchmarks.pipeline import PipelineRun, run_pipeline
from benchmarks.rounds import in_turns


@dataclass(frozen=True)
class WholeRuns:
    """Round by round."""

    pipeline: list[PipelineRun]
    duckdb: list[Usage]


def run_whole(load: Load, runs: int) -> WholeRuns:
    """Both in turns, each into an empty warehouse."""
    found: list[PipelineRun] = []

    def pipeline() -> Usage:
        found.append(run_pipeline(load))
        return found[-1].execution

    used = in_turns({"pipeline": pipeline, "DuckDB": partial(_duckdb, load)}, runs)
    return WholeRuns(found, used["DuckDB"])


def _duckdb(load: Load) -> Usage:
    target = load.place.folder / "duckdb_warehouse"
    shutil.rmtree(target, ignore_errors=True)
    program = [sys.executable, "-m", "benchmarks.contestants.duckdb_warehouse", str(load.place.data)]
    used = measure([*program, str(target)], log=target.with_suffix(".log")).usage
    shutil.rmtree(target)
    return used
