"""How often the definition of a state machine is parsed."""

import json

import boto3
import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from operations.executions import StateMachine
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.waiting import until


def test_each_execution_runs_its_own_program_and_the_first_one_the_program_that_was_checked(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = []
    parse = AmazonStateLanguageParser.parse

    def noted(definition: str) -> object:
        programs.append(parse(definition))
        return programs[-1]

    monkeypatch.setattr(AmazonStateLanguageParser, "parse", noted)
    client = boto3.client("stepfunctions", endpoint_url=endpoint.addresses.url)
    client.create_state_machine(
        name="parsed",
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/any",
    )
    machine = StateMachine(client, "parsed")
    parsed = [len(programs)]
    for name in ("first", "second", "third"):
        machine.start(name, {})
        until(lambda name=name: machine.describe(name).status == "SUCCEEDED")  # type: ignore[misc]
        parsed.append(len(programs))
    assert parsed == [1, 1, 2, 3]
