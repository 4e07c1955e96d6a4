"""CSV files of the four datasets in, the newest version of each record out: the pipeline's Spark job against other ways."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import ROOT
from benchmarks.compare import Comparison, compare, require_equal
from benchmarks.loads import Load
from benchmarks.measure import Usage, measure
from benchmarks.pipeline import processed, state_of, step_arguments
from benchmarks.rounds import in_turns
from local_cloud.emr.steps import cores_and_memory, spark_environment

OURS = "pipeline"
OTHERS = {
    "original": "original's way",
    "idiomatic": "plain PySpark",
    "duckdb_alone": "DuckDB",
    "polars_alone": "Polars",
}
"""The program of each contestant, and what it is called in tables."""

_ON_SPARK = ("original", "idiomatic")


@dataclass(frozen=True)
class Contest:
    """What each contestant used in each round, and its rows beside the pipeline's."""

    used: dict[str, list[Usage]]
    rows: dict[str, list[Comparison]]


def run_contest(load: Load, runs: int) -> Contest:
    """Time all contestants in turns; BenchmarkError if one of them ends up with wrong rows."""
    arguments = step_arguments(load)
    contestants: dict[str, Callable[[], Usage]] = {OURS: partial(run_ours, load, arguments)}
    rows: dict[str, list[Comparison]] = {}

    def other(program: str) -> Usage:
        target = load.place.folder / program
        used = run_other(program, load.place.data, target)
        if program not in rows:
            rows[program] = compare(processed(load, arguments), target, load.place.ties)
            require_equal(OTHERS[program], rows[program])
        shutil.rmtree(target)  # at full load all outputs at once would fill a disk
        return used

    contestants |= {program: partial(other, program) for program in OTHERS}
    return Contest(in_turns(contestants, runs), rows)


def run_ours(load: Load, arguments: list[str]) -> Usage:
    """The pipeline's Spark step, JVM start included, on what the copy step has left in the working zone."""
    state = state_of(load)
    command = [sys.executable, "-m", "benchmarks.contestants.ours", str(state.buckets), str(state.logs)]
    return measure([*command, json.dumps(arguments)], log=load.place.folder / "ours.log").usage


def run_other(program: str, data: Path, target: Path) -> Usage:
    """One of OTHERS on a folder of landing files; `target` is replaced."""
    shutil.rmtree(target, ignore_errors=True)
    folders = [str(data), str(target)]
    log = target.with_suffix(".log")
    if program not in _ON_SPARK:
        return measure([sys.executable, "-m", f"benchmarks.contestants.{program}", *folders], log=log).usage
    script = ROOT / "benchmarks" / "contestants" / f"{program}.py"
    environment = spark_environment() | {"PYTHONPATH": str(ROOT)}
    return measure([*_spark_submit(), str(script), *folders], log=log, environment=environment).usage


def _spark_submit() -> list[str]:
    """As many cores and as much memory as the pipeline's job has; else Spark's defaults."""
    submit = Path(sys.executable).with_name("spark-submit")
    return [str(submit), *cores_and_memory(), "--conf", "spark.ui.enabled=false"]
