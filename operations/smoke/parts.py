"""The parts of a smoke test, in their order; each can be begun again after it was interrupted."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from contract.keys import bucket_name
from landing.bucket import BucketStore
from landing.folder import land
from local_cloud.state import StateFolder
from operations.account import Account
from operations.errors import OperationError
from operations.executions import Execution, StateMachine, visits
from operations.query import query_here
from operations.run import final_state, run_name
from operations.smoke.cost import SMALLEST
from operations.smoke.progress import Found, Progress
from operations.smoke.tables import compared
from operations.teardown import tear_down
from operations.warehouse import Warehouse
from stacks import ROOT
from stacks.settings.settings import Settings, SettingsError

_CDK = ROOT / "node_modules" / ".bin" / "cdk"
_RUN_SECONDS = 3900
"""An hour and some minutes: `run_timeout_minutes` stops a run before."""
_ALARM_SECONDS = 1200
_WRONG_INPUT = {"window_days": "a word, to fail on purpose"}
_LAST_LINES = 15


@dataclass(frozen=True)
class Smoke:
    """One smoke test: what is deployed where, which files, and how far it has come."""

    name: str
    account: Account
    data: Path
    context: Sequence[str]
    window: Mapping[str, str]
    progress: Progress

    @property
    def here(self) -> StateFolder:
        """The state folder of the run on this machine."""
        return StateFolder(self.progress.folder / "here")

    @property
    def settings(self) -> dict[str, str]:
        """The context of the deployment: the smallest one, unless other settings are given."""
        given = dict(pair.partition("=")[::2] for pair in self.context)
        return {**SMALLEST, **given, "name": self.name}

    @property
    def checked(self) -> Settings:
        """The settings of the deployment, typed; OperationError if one is not allowed."""
        configured = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
        try:
            settings = Settings.of({**configured, **self.settings})
            settings.check_region(self.account.region)
        except SettingsError as error:
            raise OperationError(str(error)) from None
        return settings

    @property
    def machine(self) -> StateMachine:
        try:
            return StateMachine(boto3.client("stepfunctions"), self.name)
        except KeyError:
            raise OperationError(
                f"there is no state machine called {self.name}: the deployment is not whole"
            ) from None


def run_here(smoke: Smoke) -> Found:
    """The same files through the pipeline on this machine: what the tables have to be, before anything is spent."""
    shutil.rmtree(smoke.here.root, ignore_errors=True)
    window = (f"--window-{end}={smoke.window[f'window_{end}']}" for end in ("start", "end"))
    command = [sys.executable, "-m", "operations", "run", str(smoke.data.resolve()), *window]
    command += ["--state", str(smoke.here.root.resolve()), "--name", smoke.name]
    command += [part for pair in smoke.context for part in ("--context", pair)]
    # nothing of the account: this run has an endpoint of its own
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    _logged(command, smoke.progress.folder / "here.log", variables, "the run on this machine has failed")
    return Found()


def deploy(smoke: Smoke) -> Found:
    """The stacks, by the CDK CLI, which goes on where an interrupted deployment was."""
    command = [str(_CDK), "deploy", "--all", "--method", "direct", "--require-approval", "never"]
    command += ["--concurrency", "4", "--output", str((smoke.progress.folder / "cdk.out").resolve())]
    command += [part for key, value in smoke.settings.items() for part in ("--context", f"{key}={value}")]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the pinned Node
    variables = {**os.environ, "PATH": path, "CI": "true"}
    _logged(command, smoke.progress.folder / "deploy.log", variables, "the deployment has failed")
    return Found({"settings": smoke.settings})


def land_files(smoke: Smoke) -> Found:
    """The files, into the landing zone."""
    bucket = bucket_name(smoke.name, "landing", smoke.account.number, smoke.account.region)
    return Found({"bytes": land(smoke.data, BucketStore(bucket))})


def run_there(smoke: Smoke) -> Found:
    """One execution; if an earlier call has started one, that one."""
    progress, machine = smoke.progress, smoke.machine
    name = progress.noted("run", "execution")
    if not name or _failed(machine, name):
        name = run_name()
        progress.note("run", execution=name)
        machine.start(name, {**smoke.window, "replace_current": True})
    execution = _ended(machine, name)
    events = machine.events(name)
    if execution.status != "SUCCEEDED":
        raise OperationError(
            f"{name} has ended as {execution.status}: {execution.error or ''} {execution.reason}. docs/runbook.md has a section for "
            "each error; this command begins another run"
        )
    states = [{"state": each.name, "seconds": round(each.seconds, 1)} for each in visits(events)]
    return Found(
        {
            "seconds": round(execution.seconds, 1),
            "ended_in": final_state(events),
            "states": states,
            "datasets": json.loads(execution.output or "{}").get("datasets", {}),
        }
    )


def compare_tables(smoke: Smoke) -> Found:
    """Every table row by row."""
    warehouse = Warehouse(smoke.name, smoke.checked.redshift_database, smoke.checked.redshift_user)
    tables = list(compared(lambda sql: query_here(smoke.here, sql)[1], lambda sql: warehouse.run(sql)[1]))
    wrong = [each for each in tables if not each.same]
    said = "; ".join(
        f"{each.table}: {each.only_here} of {each.rows_here} rows are only here, {each.only_there} of {each.rows_there} only there"
        + (f", they differ in {', '.join(each.columns)}" if each.columns else "")
        for each in wrong
    )
    return Found({"tables": [each.document() for each in tables]}, said)


def ring_alarm(smoke: Smoke) -> Found:
    """A run that fails on purpose: its alarm has to ring, and to reach the topic."""
    alarm, since = f"{smoke.name}-RunFailed", smoke.progress.spends_since
    if not smoke.progress.noted("alarm", "execution"):
        name = f"fails-on-purpose-{run_name()}"
        smoke.machine.start(name, _WRONG_INPUT)
        smoke.progress.note("alarm", execution=name)
    wait = Retrying(
        retry=retry_if_result(lambda told: not told),
        wait=wait_exponential(multiplier=0.2, max=10),
        stop=stop_after_delay(_ALARM_SECONDS),
    )
    try:
        told = wait(lambda: rang(_history(alarm, since)))
    except RetryError:
        seen = [each["HistorySummary"] for each in _history(alarm, since)]
        return Found(
            {"history": seen},
            f"a run has failed, and for {_ALARM_SECONDS // 60} minutes {alarm} has told nobody; its history: {seen or 'empty'}",
        )
    said = told[0]["HistorySummary"]
    is_told = said.startswith("Successfully")
    return Found({"alarm": alarm, "said": said}, "" if is_told else f"{alarm} could not tell: {said}")


def rang(history: Sequence[Any]) -> list[Any]:
    """What an alarm did when it rang: the actions of its history since it first was in the state ALARM."""
    changes = [each for each in history if each["HistoryItemType"] == "StateUpdate"]
    alarms = [
        each["Timestamp"]
        for each in changes
        if json.loads(each["HistoryData"])["newState"]["stateValue"] == "ALARM"
    ]
    actions = [each for each in history if each["HistoryItemType"] == "Action"]
    return [each for each in actions if alarms and each["Timestamp"] >= min(alarms)]


def end(smoke: Smoke) -> Found:
    """All of it, with the files and the snapshot."""
    tear_down(smoke.name, with_data=True)
    return Found()


PARTS: Mapping[str, Callable[[Smoke], Found]] = {
    "here": run_here,
    "deploy": deploy,
    "land": land_files,
    "run": run_there,
    "compare": compare_tables,
    "alarm": ring_alarm,
    "teardown": end,
}
"""The names by which progress and report know them."""


def _logged(command: Sequence[str], log: Path, variables: Mapping[str, str], failure: str) -> None:
    """Run a command to its end, what it says into a file; OperationError with the last lines if it fails."""
    with log.open("ab") as file:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            check=False,
        )
    if done.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        raise OperationError("\n".join([f"{failure}, see {log}; its last lines:", *last]))


def _failed(machine: StateMachine, name: str) -> bool:
    """Whether an execution has ended badly, or was never started."""
    try:
        return machine.describe(name).status not in ("RUNNING", "SUCCEEDED")
    except KeyError:
        return True


def _ended(machine: StateMachine, name: str) -> Execution:
    wait = Retrying(
        retry=retry_if_result(lambda execution: execution.status == "RUNNING"),
        wait=wait_exponential(multiplier=0.2, max=5),
        stop=stop_after_delay(_RUN_SECONDS),
    )
    try:
        return wait(machine.describe, name)
    except RetryError:
        raise OperationError(f"{name} still runs after {_RUN_SECONDS // 60} minutes") from None


def _history(alarm: str, since: datetime) -> list[Any]:
    """What an alarm has done since, the oldest first; an earlier alarm of the same name may have a history, too."""
    client = boto3.client("cloudwatch")
    pages = client.get_paginator("describe_alarm_history").paginate(
        AlarmName=alarm, StartDate=since, ScanBy="TimestampAscending"
    )
    return [each for page in pages for each in page["AlarmHistoryItems"]]
