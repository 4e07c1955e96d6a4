"""The Spark step on a cluster: a master and two workers, no shared folder, everything by S3 as the nodes' role."""

import pytest

from faker_tool.generate import generate
from faker_tool.written import Generated
from tests.crash.kills import kill_children, once_there_is
from tests.e2e.pipeline import Pipeline

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("pipeline", [True], ids=["a cluster"], indirect=True, scope="module"),
]


def land(pipeline: Pipeline, seed: int) -> tuple[Generated, ...]:
    """Records of all datasets in the landing zone, several files each."""
    landing = f"s3://{pipeline.bucket('landing').name}"
    return generate(landing, records=500, seed=seed, files_of=60_000, expect=True).datasets


def test_a_run_on_a_cluster_publishes_every_record(pipeline: Pipeline) -> None:
    landed = land(pipeline, seed=1)

    run = pipeline.run({})

    assert run.final_state == "Succeeded", run.execution.reason
    assert pipeline.counts() == {each.dataset: each.distinct_keys for each in landed}
    assert pipeline.landed() == []


@pytest.mark.crash
def test_a_step_succeeds_although_a_worker_is_killed_in_the_middle(pipeline: Pipeline) -> None:
    """Its executor ends with the worker; Spark repeats on the other one what was lost, and counts nothing twice."""
    landed = land(pipeline, seed=2)
    killed: list[int] = []

    with once_there_is(
        pipeline.bucket("processed"), "run=*/*/part-*", lambda: killed.append(kill_children("/worker-1"))
    ):
        run = pipeline.run({})

    assert killed[0] > 0
    assert run.final_state == "Succeeded", run.execution.reason
    read = pipeline.query(
        f"select dataset, rows_read from goodreads_warehouse.ledger where run_id = '{run.execution.name}'"
    )
    assert dict(read) == {each.dataset: each.records for each in landed}
    assert len(list(pipeline.folder.logs.glob("emr-*.log"))) == 2
