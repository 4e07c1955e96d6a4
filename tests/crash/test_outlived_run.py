"""A publish that is still running when its run has died and the next one is on its way."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import product

import pytest

from tests.crash.faults import Fault, after, before
from tests.crash.outcome import outcome_of
from tests.crash.scenarios import BASIC
from tests.crash.stage import Stage
from tests.crash.statements import held_before_commit, held_before_start

pytestmark = [pytest.mark.e2e, pytest.mark.crash]

PUBLISH = "PublishWarehouse"


# to read its own ledger the next run has to publish, for which it waits as long as the other transaction is open
@pytest.mark.parametrize(
    ("moment", "held"),
    [
        *product(
            ["PlanCopies", "MatchLedger", "CopyToWorking", "LoadStaging", "MarkUnfinished"],
            [held_before_start, held_before_commit],
        ),
        ("ReadLedger", held_before_start),
    ],
)
def test_a_publish_that_outlives_its_run_doubles_nothing(
    stage: Stage, moment: str, held: Callable[[str], AbstractContextManager[threading.Event]]
) -> None:
    expected = stage.undisturbed(BASIC[0]).outcome

    with held(PUBLISH) as release:
        died = stage.play(BASIC[0], Fault(after, f"{PUBLISH}: submit"))
        fault = Fault(before, moment, lambda _execution: _let_go(stage, release))
        with stage.lab.faults.armed(fault):
            stage.lab.run()
    stage.lab.run_until_nothing_is_left()

    assert died.execution.status == "ABORTED"
    assert fault.struck
    found = outcome_of(stage.lab)
    assert found.tables == expected.tables
    assert found.published_files == expected.published_files
    assert (found.landing, found.lease) == (expected.landing, expected.lease)


def _let_go(stage: Stage, release: threading.Event) -> None:
    """Let the held statement go, and wait for it to end."""
    release.set()
    stage.lab.wait_for_statements()
