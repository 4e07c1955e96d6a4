"""A run that is stopped at any state, or in which any state is repeated, loses no row and doubles no row."""

import pytest

from tests.crash.faults import Fault, after, before, twice
from tests.crash.outcome import outcome_of
from tests.crash.redrive import redrive
from tests.crash.stage import Stage
from tests.crash.states import NEVER_VISITED, states_of

pytestmark = pytest.mark.e2e

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
