"""Ten thousand small files in one run."""

import json

import boto3
import pytest

from operations.executions import StateMachine
from tests.e2e.pipeline import Pipeline
from tests.e2e.records import NOON, author, csv_file

pytestmark = [pytest.mark.e2e, pytest.mark.crash]

FILES = 10_000
EVENTS, PAYLOAD = 25_000, 256 * 1024  # what Step Functions allows of an execution's history, and of a payload


def test_ten_thousand_files_are_one_run_within_the_limits_of_step_functions(pipeline: Pipeline) -> None:
    folder = pipeline.bucket("landing") / "authors"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number}.csv").write_bytes(csv_file([author(number, f"author {number}", NOON)]))

    name = pipeline.start()
    run = pipeline.wait(name, seconds=900)

    assert run.final_state == "Succeeded"
    assert run.report["datasets"]["authors"]["rows_inserted"] == FILES
    assert pipeline.landed() == []
    assert pipeline.query(
        "select count(*), cast(sum(rows_read) as bigint) from goodreads_warehouse.ledger_files"
    ) == [(FILES, FILES)]
    events = StateMachine(boto3.client("stepfunctions"), "goodreads").events(name)
    assert len(events) < EVENTS // 10
    assert max(len(json.dumps(event, default=str).encode()) for event in events) < PAYLOAD // 2
