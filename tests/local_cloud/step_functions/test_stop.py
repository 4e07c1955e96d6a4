"""An execution can be stopped as soon as it has a name."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@pytest.fixture
def sfn(endpoint: Endpoint) -> Iterator["SFNClient"]:
    """A client that asks once: a second try would come when the execution has begun."""
    once = Config(retries={"total_max_attempts": 1})
    with closing(boto3.client("stepfunctions", endpoint_url=endpoint.addresses.url, config=once)) as client:
        yield client


def test_an_execution_that_has_not_read_its_definition_yet_is_stopped_when_it_has(
    sfn: "SFNClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The definition is read when the request has come, and nothing is stopped before."""
    asked = threading.Event()
    read, described = (
        ExecutionWorker._get_evaluation_entrypoint,  # noqa: SLF001
        StepFunctionsParserBackend.describe_execution,
    )

    def read_later(worker: Any) -> Any:
        asked.wait()
        return read(worker)

    def told(backend: Any, arn: str) -> Any:
        asked.set()
        return described(backend, arn)

    monkeypatch.setattr(ExecutionWorker, "_get_evaluation_entrypoint", read_later)
    machine = sfn.create_state_machine(
        name="stopped-early",
        definition=json.dumps(
            {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
        ),
        roleArn="arn:aws:iam::123456789012:role/any",
    )["stateMachineArn"]
    arn = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    monkeypatch.setattr(StepFunctionsParserBackend, "describe_execution", told)
    sfn.stop_execution(executionArn=arn, cause="at once")
    until(lambda: sfn.describe_execution(executionArn=arn)["status"] == "ABORTED")
    assert sfn.describe_execution(executionArn=arn)["cause"] == "at once"
