"""Redriving an execution: it goes on where it was stopped."""

import boto3

from operations.executions import StateMachine
from tests.crash.lab import Lab
from tests.e2e.pipeline import Run


def redrive(lab: Lab, run: Run) -> Run:
    """The same execution to its end."""
    client = boto3.client("stepfunctions")
    machine = StateMachine(client, "goodreads").arn
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{run.execution.name}"
    client.redrive_execution(executionArn=arn)
    return lab.pipeline.wait(run.execution.name)
