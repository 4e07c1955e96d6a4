"""Situations in which a run starts. Together they lead through every state of the definition."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from operations.warehouse import Warehouse, administrated
from sql import rights, statements
from tests.crash.deliveries import FIRST, SECOND, UNUSABLE
from tests.crash.faults import Fault, before
from tests.crash.lab import Lab
from tests.crash.statements import failing
from tests.e2e.pipeline import FEBRUARY_2020

PUBLISHED = "ReadLedger"
"""The state after the publish."""

Around = Callable[[Lab], AbstractContextManager[None]]


def _calm(_: Lab) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Scenario:
    """`prepare` sets the stage in a pipeline that has published the first delivery; the undisturbed run then `ends`.

    `around` is what happens while the run goes on, and ends before the next one.
    """

    name: str
    ends: str
    prepare: Callable[[Lab], None]
    around: Around = _calm
    given: Mapping[str, Any] = field(default_factory=lambda: FEBRUARY_2020)


def _second(lab: Lab) -> None:
    lab.land(SECOND)


def _nothing(_: Lab) -> None:
    """Nothing has landed."""


def _unusable(lab: Lab) -> None:
    lab.land(UNUSABLE)


def _known(lab: Lab) -> None:
    lab.land(FIRST)


def _unfinished(lab: Lab) -> None:
    """The run before has published the second delivery, and died."""
    lab.land(SECOND)
    fault = Fault(before, PUBLISHED)
    with lab.faults.armed(fault):
        assert lab.run().execution.status == "ABORTED"
    assert fault.struck


def _unfinished_and_more(lab: Lab) -> None:
    """The run before has published, and died; meanwhile files without rows have landed."""
    _unfinished(lab)
    lab.land({key.replace(".", "-2."): content for key, content in UNUSABLE.items()})


def _older_tables(lab: Lab) -> None:
    """The second delivery has landed, and the tables are those of an older catalog: a column is missing."""
    _second(lab)
    Warehouse().run("alter table goodreads_analytics.best_books drop column num_pages")
    Warehouse().run("delete from goodreads_warehouse.catalog_versions")


def _owned_by_the_superuser(lab: Lab) -> None:
    """The second delivery has landed, and the pipeline has worked as the cluster's master user so far."""
    _second(lab)
    admin = administrated()
    assert admin.user
    _, *owning = rights.hand_over(admin.user, admin.database)
    _, tables = admin.run(
        "select table_schema, table_name from information_schema.tables where table_schema in ('goodreads_analytics', 'goodreads_past')"
    )
    names = (f"{schema}.{name}" for schema, name in tables)
    # these tables are younger than the pipeline's own user: a warehouse of those days has none of them
    admin.run(
        *(f"drop table {name}" for name in names if not any(f"table {name} owner" in each for each in owning))
    )
    admin.run(
        *owning,
        *statements.drop_staging(),
        "revoke create on database goodreads from goodreads_pipeline",
        "drop user goodreads_pipeline",
    )


def _dead_holder(lab: Lab) -> None:
    """An execution that the control plane knows nothing of holds the lease."""
    _second(lab)
    lab.hold_lease(_lease_of("arn:aws:states:us-east-1:123456789012:execution:goodreads:forgotten"))


@contextmanager
def _another_runs(lab: Lab) -> Iterator[None]:
    """Another execution holds the lease and waits: one of a machine that only waits, under a name of the pipeline's, because the role may ask after these."""
    client = boto3.client("stepfunctions")
    waits = '{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": true}}}'
    role = "arn:aws:iam::123456789012:role/waits"
    machine = client.create_state_machine(name="waits", definition=waits, roleArn=role)["stateMachineArn"]
    name = f"holder-{uuid.uuid4()}"
    client.start_execution(stateMachineArn=machine, name=name)
    holder = _as_one_of_the_pipeline(name)
    lab.hold_lease(_lease_of(holder))
    try:
        yield
    finally:
        client.stop_execution(executionArn=holder)


def _as_one_of_the_pipeline(name: str) -> str:
    """Hand an execution of the machine `waits` over to the pipeline's in moto; its ARN there."""
    machines = {each.name: each for each in stepfunctions_parser_backends[ACCOUNT][REGION].state_machines}
    (execution,) = (each for each in machines["waits"].executions if each.name == name)
    machines["waits"].executions.remove(execution)
    execution.execution_arn = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:goodreads:{name}"
    machines["goodreads"].executions.append(execution)
    return str(execution.execution_arn)


def _lease_of(holder: str) -> dict[str, Any]:
    return {"lease": {"S": "pipeline"}, "holder": {"S": holder}, "fencing_token": {"N": "5"}}


BASIC = (
    Scenario("a second delivery", "SucceededWithRejects", _second),
    Scenario("older tables", "SucceededWithRejects", _older_tables),
    Scenario("tables of the superuser", "SucceededWithRejects", _owned_by_the_superuser),
    Scenario("nothing", "NothingToDo", _nothing, given={}),
    Scenario("nothing but a window", "Succeeded", _nothing),
    Scenario("files without rows", "SucceededWithRejects", _unusable),
    Scenario("an unfinished run", "SucceededWithRejects", _unfinished),
    Scenario("an unfinished run, then files without rows", "SucceededWithRejects", _unfinished_and_more),
    Scenario("a dead holder", "SucceededWithRejects", _dead_holder),
    Scenario("another run", "Skipped", _second, _another_runs),
    Scenario("known files", "Succeeded", _known),
    Scenario("a past window", "Succeeded", _known, given={**FEBRUARY_2020, "replace_current": False}),
    Scenario("wrong input", "Failed", _second, given={"window_days": "many"}),
)


def failing_statement(basic: Scenario, statement: str) -> list[Scenario]:
    """A basic scenario in which the statement of that name fails, for good and with a conflict that passes."""
    conflict = "1023: DETAIL: Serializable isolation violation on table - 1"
    return [
        Scenario(
            f"{basic.name}, {statement} fails", "Failed", basic.prepare, partial(_fails, statement, "no disk")
        ),
        Scenario(
            f"{basic.name}, {statement} conflicts",
            basic.ends,
            basic.prepare,
            partial(_fails, statement, conflict),
        ),
    ]


def _fails(statement: str, message: str, _: Lab) -> AbstractContextManager[None]:
    return failing(statement, message)
