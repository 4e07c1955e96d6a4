"""A run that is stopped at any state, in which any state is repeated, or whose processes die, loses no row and doubles no row.

One module, for one pipeline: to set one up takes longer than three of the runs.
"""

import pytest

from contract.keys import run_folder
from operations.run import run_name
from tests.crash.faults import Fault, after, before, twice
from tests.crash.kills import at_request, kill_children, kill_functions, once_there_is
from tests.crash.outcome import outcome_of
from tests.crash.redrive import redrive
from tests.crash.scenarios import BASIC, Scenario
from tests.crash.stage import Stage
from tests.crash.states import NEVER_VISITED, states_of
from tests.crash.warm import cold_spark

pytestmark = pytest.mark.e2e

SECOND_DELIVERY: Scenario = BASIC[0]
_MODES = {"before": before, "after": after, "twice": twice, "redriven": after}


def test_the_next_run_makes_up_for_a_run_disturbed_at_a_state(stage: Stage, mode: str, state: str) -> None:
    scenario = stage.scenario_with(state)
    expected = stage.undisturbed(scenario).outcome

    fault = Fault(_MODES[mode], state)
    run = stage.play(scenario, fault)
    if mode != "twice":
        assert run.execution.status == "ABORTED"
    if mode == "redriven":
        run = redrive(stage.lab, run)
    if mode in ("twice", "redriven"):
        assert run.final_state == scenario.ends, run.execution.reason
    stage.settle(scenario)

    assert fault.struck
    assert outcome_of(stage.lab) == expected


def test_a_run_whose_every_task_is_repeated_comes_to_the_same(stage: Stage) -> None:
    scenario = stage.scenario_with("PublishWarehouse")
    expected = stage.undisturbed(scenario).outcome

    fault = Fault(twice, None)
    run = stage.play(scenario, fault)

    assert run.final_state == scenario.ends, run.execution.reason
    assert fault.struck > 20
    stage.lab.run_until_nothing_is_left()
    assert outcome_of(stage.lab) == expected


@pytest.mark.crash
def test_each_reason_for_not_visiting_states_is_about_states_that_exist(stage: Stage) -> None:
    states = states_of(stage.lab.definition())
    for pattern in NEVER_VISITED:
        assert [name for name in states if name.endswith(pattern.removeprefix("{}"))]


@pytest.mark.crash
@pytest.mark.parametrize(
    ("function", "method", "zone", "number"),
    [("copy_to_working", "PUT", "working", 3), ("acknowledge_landing", "POST", "landing", 1)],
)
def test_a_function_that_dies_in_the_middle_is_tried_again(
    stage: Stage, function: str, method: str, zone: str, number: int
) -> None:
    expected = stage.undisturbed(SECOND_DELIVERY).outcome
    killed: list[int] = []

    with at_request(
        method,
        stage.lab.pipeline.bucket(zone).name,
        number,
        lambda: killed.append(kill_functions(f"lambdas.{function}")),
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

    now = run_folder(run_name())
    with cold_spark(root), once_there_is(processed, "run=*/*/part-*.parquet", kill, after=now):
        run = stage.play(SECOND_DELIVERY)

    assert killed[0] > 0
    assert run.final_state == SECOND_DELIVERY.ends, run.execution.reason
    stage.lab.run_until_nothing_is_left()
    assert outcome_of(stage.lab) == expected
