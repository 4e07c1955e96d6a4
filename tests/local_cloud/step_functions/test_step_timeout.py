"""A Spark step that takes longer than its state allows."""

import json
from functools import partial
from pathlib import Path

import boto3
import pytest

from local_cloud import endpoint
from local_cloud.emr import StepRunner
from local_cloud.endpoint import serving
from local_cloud.state import StateFolder
from tests.local_cloud.alive import is_alive
from tests.local_cloud.roles import role
from tests.local_cloud.waiting import until

TRANSFORM = {
    "Type": "Task",
    "Resource": "arn:aws:states:::elasticmapreduce:addStep.sync",
    "Parameters": {
        "ClusterId.$": "$.cluster",
        "Step": {"Name": "r1", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit"]}},
    },
    "TimeoutSeconds": 2,
    "Retry": [
        {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 0},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1},
    ],
    "End": True,
}
"""As the pipeline has it."""


@pytest.fixture
def hanging(tmp_path: Path) -> Path:
    """A spark-submit that never ends; it writes down its process id and that of its child, a line for each start."""
    (tmp_path / "pids").touch()
    submit = tmp_path / "spark-submit"
    submit.write_text(f'#!/bin/sh\nsleep 600 & echo "$$ $!" >> {tmp_path}/pids; wait\n')
    submit.chmod(0o755)
    return submit


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_a_step_that_takes_too_long_is_ended_with_all_it_has_started_and_not_tried_again(
    tmp_path: Path, hanging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "StepRunner", partial(StepRunner, submit=hanging))
    with serving(StateFolder(tmp_path / "state"), "test"):
        client = boto3.client("stepfunctions")
        machine = client.create_state_machine(
            name="times-out",
            definition=json.dumps({"StartAt": "Transform", "States": {"Transform": TRANSFORM}}),
            roleArn=role("any", "states.amazonaws.com"),
        )["stateMachineArn"]
        cluster = boto3.client("emr").run_job_flow(
            Name="any", Instances={"KeepJobFlowAliveWhenNoSteps": True}
        )["JobFlowId"]
        arn = client.start_execution(
            stateMachineArn=machine, name="r1", input=json.dumps({"cluster": cluster})
        )["executionArn"]
        until(lambda: client.describe_execution(executionArn=arn)["status"] != "RUNNING")
        assert client.describe_execution(executionArn=arn)["error"] == "States.Timeout"
        events = [event["type"] for event in client.get_execution_history(executionArn=arn)["events"]]
        assert events.count("TaskTimedOut") == 1
        started = (tmp_path / "pids").read_text().splitlines()
        assert len(started) <= 1  # none, if the machine was too busy to start it in time
        until(lambda: not any(is_alive(int(pid)) for line in started for pid in line.split()))
