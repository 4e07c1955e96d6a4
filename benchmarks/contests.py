"""The contests: load generators, the transform, and the whole pipeline, each against other ways of doing the same work.

The transform reads CSV files of the four datasets and writes the newest version of each record.
"""

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.compare import Comparison, compare, require_equal
from benchmarks.loads import Load
from benchmarks.measure import Usage, in_turns, measure
from benchmarks.pipeline import PipelineRun, processed, run_pipeline, state_of, step_arguments
from local_cloud.emr.steps import cores_and_memory, spark_environment
from stacks import ROOT

RECORDS = 20_000
"""Records of each dataset for the generators: the original takes about twenty seconds to make them."""

OUR_GENERATOR, ORIGINAL_GENERATOR = "faker_tool", "original's way"

OURS = "pipeline"
OTHERS = {
    "original": "original's way",
    "idiomatic": "plain PySpark",
    "duckdb_alone": "DuckDB",
    "polars_alone": "Polars",
}
"""The program of each other contestant, and its name in tables."""

_ON_SPARK = ("original", "idiomatic")


@dataclass(frozen=True)
class Generation:
    """What each generator used in each round, and the bytes that each wrote."""

    used: dict[str, list[Usage]]
    bytes: dict[str, int]


def run_generators(work: Path, runs: int, records: int = RECORDS) -> Generation:
    """Have both generators make `records` records of each dataset, in turns; the start of the process counts."""
    folders = {OUR_GENERATOR: work / "faker_tool", ORIGINAL_GENERATOR: work / "original_generator"}
    ours, original = map(str, folders.values())
    commands = {
        OUR_GENERATOR: ["faker_tool", "--records", str(records), "--force", "--out", ours],
        ORIGINAL_GENERATOR: ["benchmarks.contestants.original_generator", str(records), original],
    }
    used = in_turns({name: partial(_run, command, folders[name]) for name, command in commands.items()}, runs)
    written = {name: _bytes_in(folder) for name, folder in folders.items()}
    for folder in folders.values():
        shutil.rmtree(folder)
    return Generation(used, written)


def _run(command: Sequence[str], folder: Path) -> Usage:
    return measure([sys.executable, "-m", *command], log=folder.with_suffix(".log")).usage


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.csv"))


@dataclass(frozen=True)
class Contest:
    """What each contestant used in each round, and its rows compared with the pipeline's."""

    used: dict[str, list[Usage]]
    rows: dict[str, list[Comparison]]


def run_contest(load: Load, runs: int) -> Contest:
    """Time all contestants in turns. Raises BenchmarkError if one of them keeps wrong rows."""
    arguments = step_arguments(load)
    contestants: dict[str, Callable[[], Usage]] = {OURS: partial(run_ours, load, arguments)}
    rows: dict[str, list[Comparison]] = {}

    def other(program: str) -> Usage:
        target = load.folder.path / program
        used = run_other(program, load.folder.data, target)
        if program not in rows:
            rows[program] = compare(processed(load, arguments), target, load.folder.ties)
            require_equal(OTHERS[program], rows[program])
        shutil.rmtree(target)  # at full load all outputs at once would fill a disk
        return used

    contestants |= {program: partial(other, program) for program in OTHERS}
    return Contest(in_turns(contestants, runs), rows)


def run_ours(load: Load, arguments: list[str]) -> Usage:
    """Run the pipeline's Spark step, JVM start included, on the files that the copy step left in the working zone."""
    state = state_of(load)
    command = [sys.executable, "-m", "benchmarks.contestants.ours", str(state.buckets), str(state.logs)]
    return measure([*command, json.dumps(arguments)], log=load.folder.path / "ours.log").usage


def run_other(program: str, data: Path, target: Path) -> Usage:
    """Run one of OTHERS on a folder of landing files; `target` is replaced."""
    shutil.rmtree(target, ignore_errors=True)
    folders = [str(data), str(target)]
    log = target.with_suffix(".log")
    if program not in _ON_SPARK:
        return measure([sys.executable, "-m", f"benchmarks.contestants.{program}", *folders], log=log).usage
    script = ROOT / "benchmarks" / "contestants" / f"{program}.py"
    environment = spark_environment() | {"PYTHONPATH": str(ROOT)}
    return measure([*_spark_submit(), str(script), *folders], log=log, environment=environment).usage


def _spark_submit() -> list[str]:
    """The command, with the cores and the memory of the pipeline's job; everything else has Spark's defaults."""
    submit = Path(sys.executable).with_name("spark-submit")
    return [str(submit), *cores_and_memory(), "--conf", "spark.ui.enabled=false"]


@dataclass(frozen=True)
class WholeRuns:
    """What the pipeline, the pipeline with its Spark step on a cluster of processes, and DuckDB used, round by round."""

    pipeline: list[PipelineRun]
    cluster: list[Usage]
    duckdb: list[Usage]


def run_whole(load: Load, runs: int) -> WholeRuns:
    """Run the pipeline, with and without a cluster, and DuckDB in turns, each into an empty warehouse."""
    pipelines: list[PipelineRun] = []

    def pipeline() -> Usage:
        pipelines.append(run_pipeline(load))
        return pipelines[-1].execution

    def on_cluster() -> Usage:
        execution = run_pipeline(load, cluster=True).execution
        shutil.rmtree(state_of(load, cluster=True).root)
        return execution

    turns: dict[str, Callable[[], Usage]] = {
        "pipeline": pipeline,
        "cluster": on_cluster,
        "DuckDB": partial(_duckdb, load),
    }
    used = in_turns(turns, runs)
    return WholeRuns(pipelines, used["cluster"], used["DuckDB"])


def _duckdb(load: Load) -> Usage:
    target = load.folder.path / "duckdb_warehouse"
    shutil.rmtree(target, ignore_errors=True)
    program = [sys.executable, "-m", "benchmarks.contestants.duckdb_warehouse", str(load.folder.data)]
    used = measure([*program, str(target)], log=target.with_suffix(".log")).usage
    shutil.rmtree(target)
    return used
