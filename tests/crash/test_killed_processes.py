"""A Lambda function or the Spark job is killed in the middle: its state is tried again, and nothing shows."""

import pytest

from tests.crash.kills import at_request, kill_children, once_there_is
from tests.crash.outcome import outcome_of
from tests.crash.scenarios import BASIC, Scenario
from tests.crash.stage import Stage
from tests.crash.warm import cold_spark

pytestmark = pytest.mark.e2e

SECOND_DELIVERY: Scenario = BASIC[0]


@pytest.mark.crash
@pytest.mark.parametrize(
    ("function", "method", "zone"),
    [("copy_to_working", "PUT", "working"), ("acknowledge_landing", "DELETE", "landing")],
)
def test_a_function_that_dies_in_the_middle_is_tried_again(
    stage: Stage, function: str, method: str, zone: str
) -> None:
    expected = stage.undisturbed(SECOND_DELIVERY).outcome
    killed: list[int] = []

    with at_request(
        method,
        stage.lab.pipeline.bucket(zone).name,
        3,
        lambda: killed.append(kill_children(f"lambdas.{function}.")),
    ):
        run = stage.play(SECOND_DELIVERY)

    assert killed[0] > 0
    assert run.final_state == SECOND_DELIVERY.ends, run.execution.reason
    stage.lab.run_until_nothing_is_left()
    assert outcome_of(stage.lab) == expected


def test_a_spark_job_that_dies_in_the_middle_is_tried_again(stage: Stage) -> None:
    expected = stage.undisturbed(SECOND_DELIVERY).outcome
    root, processed = stage.lab.root, stage.lab.pipeline.bucket("processed")
    killed: list[int] = []

    def kill() -> None:
        killed.append(kill_children("--run-id"))

    with cold_spark(root), once_there_is(processed, "run=*/*/_temporary/**/*.parquet", kill):
        run = stage.play(SECOND_DELIVERY)

    assert killed[0] > 0
    assert run.final_state == SECOND_DELIVERY.ends, run.execution.reason
    stage.lab.run_until_nothing_is_left()
    assert outcome_of(stage.lab) == expected
