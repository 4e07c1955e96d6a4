"""One writer: executions at once, holders that are dead, holders that come back."""

import pytest

from tests.crash.faults import Fault, Faults, interpreter_with, once_entered
from tests.e2e.permissions import new_calls
from tests.e2e.pipeline import Pipeline
from tests.e2e.records import EVENING, NOON, author, csv_file
from tests.local_cloud.waiting import until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pipeline(warm_pipeline: Pipeline) -> Pipeline:
    return warm_pipeline


GONE = "arn:aws:states:us-east-1:123456789012:execution:goodreads:nobody-knows"


def test_of_executions_started_at_once_one_works_and_the_others_are_skipped(pipeline: Pipeline) -> None:
    pipeline.land("author.csv", csv_file([author(1, "once", NOON)]))

    started: list[str] = []

    def others_have_ended() -> bool:
        return len(started) == 4 and sum(map(pipeline.is_running, started)) == 1

    faults, holds = Faults(), Fault(once_entered, "TransformToProcessed", lambda _: until(others_have_ended))
    with interpreter_with(faults), faults.armed(holds):
        started.extend(pipeline.start() for _ in range(4))
        runs = [pipeline.wait(name) for name in started]

    assert sorted(run.final_state for run in runs) == ["Skipped"] * 3 + ["Succeeded"]
    skipped = [run for run in runs if run.final_state == "Skipped"]
    assert all("PlanCopies" not in run.states and "CountSkippedRun" in run.states for run in skipped)
    assert all(pipeline.document(run)["outcome"] == "skipped" for run in skipped)
    assert {run.execution.status for run in runs} == {"SUCCEEDED"}  # a skipped run is no failure
    assert pipeline.query("select count(*) from goodreads_warehouse.ledger") == [(4,)]


@pytest.mark.parametrize("clock", ["1970-01-01T00:00:00Z", "2999-12-31T23:59:59Z"])
def test_whatever_the_clock_of_a_dead_holder_said_its_lease_is_taken_over(
    pipeline: Pipeline, clock: str
) -> None:
    pipeline.run()
    before = pipeline.lease()["fencing_token"]
    pipeline.change_lease(holder=GONE, acquired_at=clock, confirmed_at=clock)

    run = pipeline.run({})

    assert run.final_state == "NothingToDo"
    assert "TakeOverLease" in run.states
    assert pipeline.lease()["fencing_token"] == before + 1
    assert "holder" not in pipeline.lease()


def test_a_holder_that_comes_back_after_another_run_publishes_nothing(pipeline: Pipeline) -> None:
    pipeline.land("author.csv", csv_file([author(2, "by the dead", NOON)]))
    dead = pipeline.stop_in_the_step()
    pipeline.land("authors/more.csv", csv_file([author(2, "by the living", EVENING)]))
    assert pipeline.run().final_state == "Succeeded"
    before = pipeline.warehouse()

    back = pipeline.redrive(dead)

    assert back.final_state == "Failed"
    assert back.execution.error == "DynamoDB.ConditionalCheckFailedException"
    assert pipeline.warehouse() == before
    assert "holder" not in pipeline.lease()
    assert pipeline.run({}).final_state == "NothingToDo"


def test_a_holder_that_comes_back_before_anybody_else_finishes_its_run(pipeline: Pipeline) -> None:
    pipeline.land("author.csv", csv_file([author(3, "patient", NOON)]))
    dead = pipeline.stop_once_entered("LoadStaging")

    back = pipeline.redrive(dead)

    assert back.final_state == "Succeeded"
    assert pipeline.query("select name from goodreads_warehouse.authors where author_id = 3") == [
        ("patient",)
    ]
    assert pipeline.landed() == []
    assert "holder" not in pipeline.lease()


def test_the_calls_of_the_roles_are_those_of_the_permissions_page(pipeline: Pipeline) -> None:
    assert new_calls(pipeline.folder) == set()
