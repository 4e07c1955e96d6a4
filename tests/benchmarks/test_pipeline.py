"""What an execution's history says of its states and its Spark step."""

import json
from typing import Any

import pytest

from benchmarks import BenchmarkError
from benchmarks.pipeline import arguments_in

STEP = {"Step": {"HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", "job.py"]}}}


def test_the_arguments_of_the_spark_step_are_in_the_history() -> None:
    events: list[dict[str, Any]] = [
        {"type": "ExecutionStarted"},
        {"taskScheduledEventDetails": {"resource": "getItem", "parameters": "{}"}},
        {"taskScheduledEventDetails": {"resource": "addStep.sync", "parameters": json.dumps(STEP)}},
    ]

    assert arguments_in(events) == ["spark-submit", "job.py"]


def test_an_execution_without_a_spark_step_is_of_no_use() -> None:
    with pytest.raises(BenchmarkError, match="has no Spark step; expected an execution with data"):
        arguments_in([{"type": "ExecutionStarted"}])
