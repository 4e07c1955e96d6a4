"""What a statement costs in Step Functions' limits: 25,000 events an execution, 262,144 bytes of state data.

Each look at a statement takes 7 events (describe: entered, scheduled, started, succeeded, exited; the choice: entered,
exited), and each wait before a further look 4 (back off and wait: entered and exited each). So a poll makes 11, and the
rest of a loop 34 at most, if the statement is cancelled in vain: 34 + 11 x waits. The waits grow: n of s, 2s, ... ns seconds
make up a timeout of t seconds, n = (sqrt(1 + 8 t / s) - 1) / 2 rounded up, and three more follow the cancellation.
"""

import json
from itertools import repeat

import pytest

from stacks.settings.polling import STATEMENTS, Polling
from tests.local_cloud.redshift.run_sql.conftest import Pauses
from tests.local_cloud.redshift.run_sql.executions import Ended, Runner
from tests.local_cloud.redshift.run_sql.faulty_engine import FaultyEngine, says

BY_DEFAULT = Polling(step_seconds=2, timeout_seconds=60 * 20)
LONGEST = Polling(step_seconds=1, timeout_seconds=60 * 1440)


def waits(polling: Polling) -> int:
    """How often a statement that never ends is waited for, three times of them after the cancellation."""
    return polling.longest_wait // polling.step_seconds + 3


def events(polling: Polling) -> int:
    return 34 + 11 * waits(polling)


def _largest(ended: Ended) -> int:
    """The bytes of the largest state data that the history shows."""
    return max(
        len(json.dumps(json.loads(detail["input"])).encode())
        for event in ended.events
        for detail in event.values()
        if isinstance(detail, dict) and detail.get("input")
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("polling", "expected"), [(Polling(step_seconds=1, timeout_seconds=1), 78), (BY_DEFAULT, 452)]
)
def test_a_statement_that_never_ends_makes_eleven_events_a_poll(
    runner: Runner, faulty: FaultyEngine, pauses: Pauses, polling: Polling, expected: int
) -> None:
    faulty.script("describe_statement", repeat(says(Status="STARTED")))
    ended = runner.run("select 1", polling=polling)
    assert ended.error == "Redshift.StatementTimedOut"
    assert len(pauses.in_waits) == waits(polling)
    assert len(ended.events) == events(polling) == polling.events == expected


def test_the_statement_of_the_longest_duration_takes_a_fifth_of_the_history() -> None:
    assert waits(LONGEST) == 419
    assert events(LONGEST) == 4643


@pytest.mark.parametrize(("step", "run_minutes", "expected"), [(2, 60, 7_520), (1, 1440, 34_800)])
def test_statements_that_share_the_longest_run_evenly_make_this_many_events(
    step: int, run_minutes: int, expected: int
) -> None:
    """Equal shares are the worst case: the number of polls grows with the square root of the duration."""
    share = Polling.shared(step_seconds=step, run_seconds=60 * run_minutes)
    assert STATEMENTS * events(share) == STATEMENTS * share.events == expected


@pytest.mark.slow
def test_the_state_data_of_a_large_batch_fits_and_does_not_grow_with_the_polls(
    runner: Runner, faulty: FaultyEngine
) -> None:
    """The text is in it once, as it was written, until it is submitted; and in the answer that describes it, never in the data."""
    batch = [f"select '{{}}' -- {'x' * 2_500}"] * 40
    sizes = []
    for seconds in (1, 60):
        faulty.script("describe_statement", repeat(says(Status="STARTED")))
        sizes.append(_largest(runner.run(batch, polling=Polling(step_seconds=1, timeout_seconds=seconds))))
    assert abs(sizes[1] - sizes[0]) < 100  # durations and waits have more digits
    assert 100_000 < sizes[1] < 102_000
