"""The deployed pipeline as tests use it: put files, run, look."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from catalog import DATASETS
from contract.keys import bucket_name, run_folder
from landing.bucket import BucketStore
from landing.folder import land
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.state import StateFolder
from operations.executions import Execution, StateMachine
from operations.query import query_here
from operations.run import final_state, run_name
from report.making import WRITING
from tests.crash.faults import Fault, Faults, interpreter_with, once_entered
from tests.crash.warm import endless_spark
from tests.local_cloud.waiting import PATIENCE, until
from tests.report.test_documents import VALIDATOR

FEBRUARY_2020 = {"window_start": "2020-02-01", "window_end": "2020-03-01", "replace_current": True}
ANALYTICS = [
    f"{kind}_{subject}{measure}"
    for subject in ("authors", "books")
    for kind, measure in (("popular", "_review_count"), ("popular", "_average_rating"), ("best", ""))
]


@dataclass(frozen=True)
class Run:
    """An execution that has ended, the state it ended in, and its report (the execution's output)."""

    execution: Execution
    final_state: str
    states: tuple[str, ...]

    @property
    def report(self) -> dict[str, Any]:
        return dict(json.loads(self.execution.output or "{}"))


class Pipeline:
    """The application deployed on the endpoint that serves `folder`; `cluster` says whether steps run on a cluster of processes."""

    def __init__(self, folder: StateFolder, *, cluster: bool = False) -> None:
        self.folder = folder
        self.cluster = cluster
        self._machine = StateMachine(boto3.client("stepfunctions"), "goodreads")

    def bucket(self, zone: str) -> Path:
        """The folder of a zone's bucket."""
        return self.folder.buckets / bucket_name("goodreads", zone, ACCOUNT, REGION)

    def folder_of(self, run: Run, zone: str) -> Path:
        """The folder of a run in a zone."""
        return self.bucket(zone) / run_folder(run.execution.name)

    def document(self, run: Run) -> dict[str, Any]:
        """The document that a run wrote: valid, and with the rows of its report."""
        folder = self.folder_of(run, "reports")
        made: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        VALIDATOR.validate(made)
        assert made["run_id"] in (folder / "index.html").read_text(encoding="utf-8")
        told = run.report.get("datasets", {})
        assert {
            rows["dataset"]: rows["read"] for rows in made["datasets"] if rows["run_id"] == made["run_id"]
        } == {dataset: counts["rows_read"] for dataset, counts in told.items()}
        shown = {state["name"] for state in made["states"]}
        assert {name for name in run.states if ": " not in name} - shown <= {
            name for name in run.states if name.startswith(WRITING)
        } | {"AnyRejects?", run.final_state}
        return made

    def document_of_stopped(self, name: str) -> dict[str, Any]:
        """The valid document of a run that was stopped, with its page and its line in the list: they are written after its end."""
        reports = self.bucket("reports")
        listed = reports / "index.html"
        until(lambda: listed.exists() and f'href="run={name}/' in listed.read_text(encoding="utf-8"))
        made: dict[str, Any] = json.loads(
            (reports / run_folder(name) / "run.json").read_text(encoding="utf-8")
        )
        VALIDATOR.validate(made)
        assert name in (reports / run_folder(name) / "index.html").read_text(encoding="utf-8")
        (line,) = [run for run in json.loads((reports / "index.json").read_text()) if run["run_id"] == name]
        assert (line["outcome"], line["ended"]) == (made["outcome"], made["ended"])
        return made

    def land(self, key: str, content: bytes) -> None:
        """Put one object into the landing zone."""
        boto3.client("s3").put_object(Bucket=self.bucket("landing").name, Key=key, Body=content)

    def land_folder(self, folder: Path) -> None:
        """Put a folder's files into the landing zone."""
        land(folder, BucketStore(self.bucket("landing").name))

    def landed(self) -> list[str]:
        """The keys in the landing zone."""
        root = self.bucket("landing")
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())

    def run(self, execution_input: Mapping[str, Any] = FEBRUARY_2020) -> Run:
        """One execution to its end."""
        name = run_name()
        self._machine.start(name, execution_input)
        return self.wait(name)

    def start(self, execution_input: Mapping[str, Any] = FEBRUARY_2020) -> str:
        """Start an execution; its name."""
        name = run_name()
        self._machine.start(name, execution_input)
        return name

    def wait(self, name: str, seconds: float = PATIENCE) -> Run:
        """Wait for an execution to end."""
        deadline = time.monotonic() + seconds
        while (execution := self._machine.describe(name)).status == "RUNNING":
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} still runs after {seconds} s")
            time.sleep(0.1)
        events = self._machine.events(name)
        states = tuple(
            e["stateEnteredEventDetails"]["name"] for e in events if e["type"].endswith("StateEntered")
        )
        return Run(execution, final_state(events), states)

    def stop_once_entered(self, state: str) -> str:
        """An execution that is aborted when it has entered a state, before the state does anything; its name."""
        faults = Faults()
        with interpreter_with(faults), faults.armed(Fault(once_entered, state)):
            name = self.start()
            self.wait(name)
        return name

    def stop_in_the_step(self) -> str:
        """An execution that is aborted while its Spark step runs; its name."""
        logs = set(self.folder.logs.glob("emr-*.log"))
        with endless_spark(self.folder.root):
            name = self.start()
            until(lambda: bool(set(self.folder.logs.glob("emr-*.log")) - logs))
            self._machine.stop(name, "a test")
            self.wait(name)
        return name

    def time_out(self) -> str:
        """An execution that takes longer than the state machine's time-out, a second for once; its name."""
        client = boto3.client("stepfunctions")
        own = client.describe_state_machine(stateMachineArn=self._machine.arn)["definition"]
        with endless_spark(self.folder.root):
            short = json.dumps({**json.loads(own), "TimeoutSeconds": 1})
            client.update_state_machine(stateMachineArn=self._machine.arn, definition=short)
            try:
                name = self.start()
            finally:
                client.update_state_machine(stateMachineArn=self._machine.arn, definition=own)
            self.wait(name)
        return name

    def is_running(self, name: str) -> bool:
        """Whether an execution has not ended."""
        return self._machine.describe(name).status == "RUNNING"

    def redrive(self, name: str) -> Run:
        """Let an aborted execution go on from the state it was in, to its end."""
        arn = f"{self._machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        boto3.client("stepfunctions").redrive_execution(executionArn=arn)
        return self.wait(name)

    def lease(self) -> dict[str, Any]:
        """The lease's item."""
        table = boto3.resource("dynamodb").Table("goodreads-lease")
        return dict(table.get_item(Key={"lease": "pipeline"})["Item"])

    def change_lease(self, **attributes: Any) -> None:
        """Overwrite attributes of the lease's item."""
        table = boto3.resource("dynamodb").Table("goodreads-lease")
        table.put_item(Item={**self.lease(), **attributes})

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query in Redshift SQL, through the Data API."""
        return query_here(self.folder, sql)[1]

    def execute(self, sql: str) -> None:
        """Run a statement that is not a query to its end, as the superuser beside the pipeline would."""
        client = boto3.client("redshift-data")
        identifier = client.execute_statement(
            ClusterIdentifier="goodreads", Database="dev", DbUser="pipeline", Sql=sql
        )["Id"]
        while (described := client.describe_statement(Id=identifier))["Status"] not in ("FINISHED", "FAILED"):
            pass  # DescribeStatement itself waits
        assert described["Status"] == "FINISHED", described.get("Error")

    def counts(self) -> dict[str, int]:
        """Rows in each warehouse table."""
        return {
            table: self.query(f"select count(*) from goodreads_warehouse.{table}")[0][0]
            for table in ("authors", "books", "reviews", "users")
        }

    def warehouse(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the warehouse, without the run that published the row, and of the analytics, in a fixed order."""
        return {
            **{
                dataset.name: self.query(
                    f"select {', '.join(column.name for column in dataset.stored_columns)} "
                    f"from goodreads_warehouse.{dataset.name} order by {dataset.key}"
                )
                for dataset in DATASETS
            },
            **{
                table: self.query(f"select * from goodreads_analytics.{table} order by place")
                for table in ANALYTICS
            },
        }
