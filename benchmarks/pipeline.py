"""Runs the whole pipeline on one machine and measures what its execution and each state used."""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import BenchmarkError
from benchmarks.loads import CAPTURED, Load
from benchmarks.measure import Sample, Usage, during, measure
from local_cloud.state import StateFolder
from operations.executions import Archive, Execution, StateVisit, visits
from stacks import ROOT

_CODE = ("catalog", "contract", "lambdas", "local_cloud", "operations", "spark_jobs", "stacks")


@dataclass(frozen=True)
class PipelineRun:
    """What a run used. `process` is the whole command, set-up included; `execution` and `states` are the pipeline."""

    process: Usage
    execution: Usage
    states: dict[str, Usage]


def state_of(load: Load, *, cluster: bool = False) -> StateFolder:
    """The state folder of the load's executions; those on a cluster have their own."""
    return StateFolder(load.folder.path / ("state-cluster" if cluster else "state"))


def run_pipeline(load: Load, *, cluster: bool = False) -> PipelineRun:
    """Land the load in an empty pipeline, and run the pipeline to its end; `cluster` is for its Spark step."""
    state = state_of(load, cluster=cluster)
    shutil.rmtree(state.root, ignore_errors=True)
    command = [sys.executable, "-m", "operations", "run", str(load.folder.data), "--state", str(state.root)]
    window = ["--window-start", CAPTURED[0], "--window-end", CAPTURED[1]]
    more = ["--cluster"] if cluster else []
    measured = measure([*command, *window, *more], log=load.folder.path / "pipeline.log")
    execution = _succeeded(state)
    events = Archive(state.executions).events(execution.name)
    return PipelineRun(
        process=measured.usage,
        execution=_usage(execution, measured.samples),
        states=_by_state(visits(events), measured.samples),
    )


def step_arguments(load: Load) -> list[str]:
    """The arguments of the Spark step in the load's execution.

    The pipeline runs first if the present code has not run with this load yet.
    """
    state = state_of(load)
    if not _is_current(state):
        run_pipeline(load)
    return arguments_in(Archive(state.executions).events(_succeeded(state).name))


def arguments_in(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """The arguments that an execution gave to `spark-submit`, from its history."""
    for event in events:
        details = event.get("taskScheduledEventDetails", {})
        if details.get("resource") == "addStep.sync":
            step = json.loads(details["parameters"])["Step"]
            return list(step["HadoopJarStep"]["Args"])
    raise BenchmarkError(
        "the execution has no Spark step; expected an execution with data: remove the load's state folder and run again"
    )


def processed(load: Load, arguments: Sequence[str]) -> Path:
    """The folder that a step with these arguments writes."""
    bucket, _, key = arguments[arguments.index("--processed") + 1].removeprefix("s3://").partition("/")
    return state_of(load).buckets / bucket / key


def _succeeded(state: StateFolder) -> Execution:
    newest = Archive(state.executions).executions()[0]
    if newest.status != "SUCCEEDED":
        raise BenchmarkError(f"the execution ended as {newest.status}; expected SUCCEEDED: {newest.reason}")
    return newest


def _is_current(state: StateFolder) -> bool:
    """Whether an execution has succeeded since the code last changed: then it deployed the code to be measured."""
    changed = max(path.stat().st_mtime for package in _CODE for path in (ROOT / package).rglob("*.py"))
    return any(
        execution.status == "SUCCEEDED" and execution.started.timestamp() > changed
        for execution in Archive(state.executions).executions()
    )


def _by_state(visited: Sequence[StateVisit], samples: Sequence[Sample]) -> dict[str, Usage]:
    """What each state used, in order of entry; the visits of a state entered more than once are added up."""
    states: dict[str, Usage] = {}
    for visit in visited:
        used, before = _usage(visit, samples), states.get(visit.name, Usage(0.0, 0.0, 0))
        states[visit.name] = Usage(
            before.seconds + used.seconds,
            before.cpu_seconds + used.cpu_seconds,
            max(before.peak_rss_bytes, used.peak_rss_bytes),
        )
    return states


def _usage(span: Execution | StateVisit, samples: Sequence[Sample]) -> Usage:
    first = (span.started if isinstance(span, Execution) else span.entered).timestamp()
    return during(samples, first, first + span.seconds)
