"""One deployed pipeline whose state is set back between the cases, so that they need no endpoint each."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pyarrow as pa
import pytest

from local_cloud import deploy, endpoint
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.emr.steps import StepRunner
from local_cloud.identity import session
from local_cloud.state import StateFolder
from operations.executions import StateMachine
from tests.crash.deliveries import FILES_PER_TASK, Delivery
from tests.crash.faults import Faults, interpreter_with
from tests.crash.kills import functions_known
from tests.crash.warm import WarmSpark, submit_executable
from tests.e2e.pipeline import FEBRUARY_2020, Pipeline, Run

SETTINGS = {
    "statement_poll_seconds": "1",
    "copy_files_per_task": str(FILES_PER_TASK),
    "batch_max_files": "100",
}
ZONES = ("landing", "working", "processed", "quarantine")
DONE = ("Succeeded", "SucceededWithRejects", "NothingToDo")
_MOST_RUNS = 3  # one makes up for what was left undone, one takes what has landed, one finds nothing
_TABLES = "select schema_name || '.' || table_name from duckdb_tables() where schema_name like 'goodreads%'"


@dataclass(frozen=True)
class Snapshot:
    """What a case may change: the warehouse's tables, the lease's item, and the folder with the zones' objects."""

    tables: dict[str, pa.Table]
    lease: dict[str, Any] | None
    zones: Path


class Lab:
    """The pipeline, its faults, and its state."""

    def __init__(self, folder: StateFolder, faults: Faults) -> None:
        self.pipeline = Pipeline(folder)
        self.faults = faults
        self.root = folder.root
        self._folder = folder
        self._snapshots = 0

    def land(self, delivery: Delivery) -> None:
        """Put a delivery's files into the landing zone."""
        for key, content in delivery.items():
            self.pipeline.land(key, content)

    def run(self, execution_input: Mapping[str, Any] = FEBRUARY_2020) -> Run:
        """One execution to its end."""
        return self.pipeline.run(execution_input)

    def run_until_nothing_is_left(self) -> list[Run]:
        """The next scheduled runs, until one finds nothing to do."""
        runs: list[Run] = []
        while not runs or runs[-1].final_state != "NothingToDo":
            runs.append(self.run(FEBRUARY_2020 if self._is_anything_left() else {}))
            last = runs[-1]
            assert last.final_state in DONE, (last.final_state, last.execution.error, last.execution.reason)
            assert len(runs) <= _MOST_RUNS, [run.final_state for run in runs]
        return runs

    def _is_anything_left(self) -> bool:
        """Whether the next run has work: one that is asked for a window has it always."""
        return bool(self.pipeline.landed()) or "unfinished_run" in (self.lease() or {})

    @staticmethod
    def wait_for_statements() -> None:
        """Wait until no statement of the pipeline runs in the warehouse."""
        reader = boto3.client("lambda").get_function_configuration(FunctionName="goodreads-report-run")
        role = reader["Environment"]["Variables"]["STATEMENTS_ROLE_ARN"]  # no other role sees its statements
        client = session(role, "lab").client("redshift-data")
        for status in ("SUBMITTED", "PICKED", "STARTED"):
            for statement in client.list_statements(Status=status)["Statements"]:
                while client.describe_statement(Id=statement["Id"])["Status"] in (
                    "SUBMITTED",
                    "PICKED",
                    "STARTED",
                ):
                    pass  # the endpoint answers when the statement ends, or after a second

    def definition(self) -> dict[str, Any]:
        """The deployed definition."""
        client = boto3.client("stepfunctions")
        machine = StateMachine(client, "goodreads").arn
        found: dict[str, Any] = json.loads(
            client.describe_state_machine(stateMachineArn=machine)["definition"]
        )
        return found

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """Every row of a table, in an order that depends on nothing but the rows, with the columns in the order of `columns`."""
        columns = ", ".join(self.columns(table))
        with self._database() as database:
            return sorted(database.sql(f"select {columns} from {table}").fetchall(), key=repr)

    def columns(self, table: str) -> list[str]:
        """The columns of a table by name: one that was added later is the table's last one."""
        with self._database() as database:
            return sorted(database.sql(f"from {table}").columns)

    def tables(self) -> list[str]:
        """The tables there are."""
        with self._database() as database:
            return sorted(name for (name,) in database.sql(_TABLES).fetchall())

    def lease(self) -> dict[str, Any] | None:
        """The lease's item, if there is one."""
        items = boto3.client("dynamodb").scan(TableName=self._lease_table())["Items"]
        return dict(items[0]) if items else None

    def hold_lease(self, item: dict[str, Any] | None) -> None:
        """Replace the lease's item, or remove it."""
        client, table = boto3.client("dynamodb"), self._lease_table()
        for old in client.scan(TableName=table)["Items"]:
            client.delete_item(TableName=table, Key={"lease": old["lease"]})
        if item:
            client.put_item(TableName=table, Item=item)

    def snapshot(self) -> Snapshot:
        """The state as it is now."""
        self._snapshots += 1
        kept = self._folder.root / f"snapshot-{self._snapshots}"
        for zone in ZONES:
            shutil.copytree(self.pipeline.bucket(zone), kept / zone)
        with self._database() as database:
            tables = {name: database.sql(f"from {name}").to_arrow_table() for name in self.tables()}
        return Snapshot(tables, self.lease(), kept)

    def restore(self, snapshot: Snapshot) -> None:
        """Back to a state; tables that it has not are dropped."""
        for zone in ZONES:
            self._empty(self.pipeline.bucket(zone))
            shutil.copytree(snapshot.zones / zone, self.pipeline.bucket(zone), dirs_exist_ok=True)
        with self._database() as database:
            database.begin()
            for name in self.tables():
                database.execute(f"delete from {name}" if name in snapshot.tables else f"drop table {name}")
            for name, content in snapshot.tables.items():
                database.register("content", content)
                database.execute(f"insert into {name} by name from content")
            database.commit()
        self.hold_lease(snapshot.lease)

    @contextmanager
    def _database(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(str(self._folder.warehouse)) as database:
            yield database

    @staticmethod
    def _empty(bucket: Path) -> None:
        for path in bucket.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    @staticmethod
    def _lease_table() -> str:
        (table,) = boto3.client("dynamodb").list_tables()["TableNames"]
        return str(table)


@contextmanager
def deployed(root: Path, assembly: Path) -> Iterator[Lab]:
    """The pipeline on an endpoint of this process, whose steps go to the warm Spark process of `root`."""
    folder, faults = StateFolder(root), Faults()
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(endpoint, "StepRunner", partial(StepRunner, submit=submit_executable(root)))
        stack.enter_context(functions_known())
        stack.enter_context(endpoint.serving(folder, "run"))
        deploy.apply(assembly, ACCOUNT, REGION)
        stack.enter_context(interpreter_with(faults))
        yield Lab(folder, faults)


@contextmanager
def laboratory(root: Path, assembly: Path, warm: WarmSpark) -> Iterator[Lab]:
    """The pipeline of an assembly, and warm Spark."""
    with deployed(root, assembly) as lab, warm.serving(StateFolder(root)):
        yield lab
