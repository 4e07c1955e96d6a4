"""Executions and their states, in a form that people can read, from a Step Functions endpoint or from the archive."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from report.making import readable_cause

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_DETAIL = ": "
"""A state inside a Data API loop has this in its name: `LoadStaging: submit` is a detail of `LoadStaging`."""

_BESIDES = {f"{kind}StateEntered" for kind in ("Choice", "Pass", "Wait")}
"""States that do nothing themselves."""

_FEW, _MOST = 20, 1000
"""Events on one page of a history: enough for what happens between two looks, and the most that Step Functions allows."""

_MOST_LISTED = 1000
"""Executions on one page of a list: the most that Step Functions allows."""

_ENDS_OF_MORE = ("Execution", "MapIteration")
"""When these fail, a state inside them failed first and was already counted."""


@dataclass(frozen=True)
class Execution:
    """One run; `ended` is None while it runs, `output` and `cause` are what Step Functions says."""

    name: str
    status: str
    started: datetime
    ended: datetime | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        end = self.ended or datetime.now(self.started.tzinfo)
        return (end - self.started).total_seconds()

    def document(self) -> dict[str, Any]:
        """The execution as JSON has it. What the run told at its end is there in every case, empty if the run did not tell it."""
        told = _object(self.output)
        return {
            "name": self.name,
            "status": self.status,
            "started": self.started.astimezone(UTC),
            "ended": self.ended and self.ended.astimezone(UTC),
            "seconds": round(self.seconds, 3),
            "error": self.error,
            "cause": self.reason or None,
            "window": told.get("window") if "datasets" in told else None,  # a plan names the window, too
            "datasets": told.get("datasets", {}),
            "made_up_for": told.get("made_up_for", {}),
            "quarantine": told.get("quarantine", []),
            "notes": told.get("notes", []),
        }

    @classmethod
    def from_description(cls, found: Mapping[str, Any]) -> "Execution":
        """From DescribeExecution's answer, live or archived (where times are text)."""
        return cls(
            name=found["name"],
            status=found["status"],
            started=_time(found["startDate"]),
            ended=_time(found["stopDate"]) if found.get("stopDate") else None,
            output=found.get("output"),
            error=found.get("error"),
            cause=found.get("cause"),
        )

    @property
    def reason(self) -> str:
        """Why it failed, in words: a function's error or a step's failure without their JSON."""
        return readable_cause(self.cause or "")


@dataclass
class StateVisit:
    """One visit to a state; `failures` counts its failed tries, `ended` is None while it is active."""

    name: str
    entered: datetime
    ended: datetime | None = None
    failures: int = 0
    failed: bool = False

    def document(self) -> dict[str, Any]:
        """The visit as JSON has it."""
        return {
            "state": self.name,
            "entered": self.entered.astimezone(UTC),
            "ended": self.ended and self.ended.astimezone(UTC),
            "seconds": round(self.seconds, 3),
            "failures": self.failures,
            "failed": self.failed,
        }

    @property
    def seconds(self) -> float:
        """How long the visit took, or has taken so far."""
        return ((self.ended or datetime.now(self.entered.tzinfo)) - self.entered).total_seconds()


def visits(events: Sequence[Mapping[str, Any]]) -> list[StateVisit]:
    """The states an execution went through, in order of entry, without Choice, Pass and Wait states and the steps of Data API loops."""
    reader = _Reader()
    for event in events:
        reader.read(event)
    return [visit for visit in reader.found.values() if _DETAIL not in visit.name]


class _Reader:
    """Assigns each event of a history to a visit; a visit is identified by the number of the event that began it."""

    def __init__(self) -> None:
        self.found: dict[int, StateVisit] = {}
        self._owner: dict[int, int] = {}  # of an event: the visit it belongs to
        self._around: dict[int, int] = {}  # of an event: the innermost Parallel or Map visit it happens in
        self._open: dict[str, list[int]] = {}
        self._last: Mapping[str, Any] = {}

    def read(self, event: Mapping[str, Any]) -> None:
        kind, number, previous = event["type"], event["id"], event.get("previousEventId", 0)
        if kind == "ExecutionRedriven":
            self._break_off()
            previous = 0  # what follows belongs to no visit from before
        self._owner[number] = 0 if kind in _BESIDES else self._owner.get(previous, 0)
        self._around[number] = self._around.get(previous, 0)
        if kind.endswith("StateEntered") and kind not in _BESIDES:
            self._enter(event)
        elif kind.endswith("StateExited"):
            self._exit(event)
        elif kind in ("ParallelStateStarted", "MapStateStarted"):
            self._around[number] = self._owner[number]
        elif kind.startswith(("ParallelState", "MapState")):
            self._owner[number] = self._around[number]
        self._judge(kind, self.found.get(self._owner[number]))
        self._last = event

    def _break_off(self) -> None:
        """End the visits that were open when the execution failed; a redrive enters their states again."""
        for number in (number for waiting in self._open.values() for number in waiting):
            self.found[number].ended = _time(self._last["timestamp"])
            self.found[number].failed = True
        self._open = {}

    def _enter(self, event: Mapping[str, Any]) -> None:
        name, moment = event["stateEnteredEventDetails"]["name"], _time(event["timestamp"])
        self.found[event["id"]] = visit = StateVisit(name, moment)
        self._owner[event["id"]] = event["id"]
        self._open.setdefault(name, []).append(event["id"])
        if event["type"] in ("SucceedStateEntered", "FailStateEntered"):
            visit.ended, visit.failed = moment, event["type"] == "FailStateEntered"

    def _exit(self, event: Mapping[str, Any]) -> None:
        waiting = self._open.get(event["stateExitedEventDetails"]["name"], [])
        if waiting:
            entered = waiting.pop(0)
            self.found[entered].ended = _time(event["timestamp"])
            self._around[event["id"]] = self._around[entered]

    @staticmethod
    def _judge(kind: str, visit: StateVisit | None) -> None:
        if visit is None or kind.startswith(_ENDS_OF_MORE):
            return
        if kind.endswith(("Failed", "TimedOut")):
            visit.failures += 1
            visit.failed = True
        elif kind.endswith("Succeeded"):
            visit.failed = False


class Archive:
    """The executions that have ended, from the files that the endpoint wrote."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def executions(self, limit: int | None = None) -> list[Execution]:
        """The newest ones, or all of them, the newest first."""
        found = [
            Execution.from_description(self._read(path)["description"])
            for path in self._folder.glob("*.json")
        ]
        return sorted(found, key=lambda execution: execution.started, reverse=True)[:limit]

    def describe(self, name: str) -> Execution:
        """One execution; KeyError if there is none of that name."""
        return Execution.from_description(self.description(name))

    def description(self, name: str) -> dict[str, Any]:
        """What DescribeExecution said of an execution; KeyError if there is none of that name."""
        return dict(self._read(self._path(name))["description"])

    def events(self, name: str) -> list[dict[str, Any]]:
        """The history of an execution; KeyError if no execution has the name."""
        return list(self._read(self._path(name))["events"])

    def _path(self, name: str) -> Path:
        path = self._folder / f"{name}.json"
        if not path.exists():
            raise KeyError(name)
        return path

    @staticmethod
    def _read(path: Path) -> dict[str, Any]:
        return dict(json.loads(path.read_text(encoding="utf-8")))


class StateMachine:
    """The state machine called `name`, on AWS or on a running endpoint."""

    def __init__(self, client: "SFNClient", name: str) -> None:
        self._client = client
        self.arn = self._find(name)

    def start(self, name: str, execution_input: Mapping[str, Any]) -> None:
        """Start an execution."""
        self._client.start_execution(stateMachineArn=self.arn, name=name, input=json.dumps(execution_input))

    def stop(self, name: str, cause: str) -> None:
        """Abort an execution."""
        self._client.stop_execution(executionArn=self._execution_arn(name), cause=cause)

    def describe(self, name: str) -> Execution:
        """One execution as it is now; KeyError if there is none of that name."""
        return Execution.from_description(self.description(name))

    def description(self, name: str) -> dict[str, Any]:
        """What DescribeExecution says of an execution; KeyError if there is none of that name."""
        try:
            return dict(self._client.describe_execution(executionArn=self._execution_arn(name)))
        except (self._client.exceptions.ExecutionDoesNotExist, self._client.exceptions.InvalidArn):
            raise KeyError(name) from None

    def definition(self, name: str) -> dict[str, Any]:
        """The definition that an execution follows, in Amazon States Language."""
        found = self._client.describe_state_machine_for_execution(executionArn=self._execution_arn(name))
        definition: dict[str, Any] = json.loads(found["definition"])
        return definition

    def names(self, limit: int = 50) -> list[str]:
        """The names of the newest executions, newest first."""
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=self.arn,
            PaginationConfig={"MaxItems": limit, "PageSize": min(limit, _MOST_LISTED)},
        )
        return [execution["name"] for page in pages for execution in page["executions"]]

    def executions(self, limit: int = 50) -> list[Execution]:
        """The newest executions, newest first. Each is described: ListExecutions tells neither outputs nor errors."""
        described = [self.describe(name) for name in self.names(limit)]
        return sorted(described, key=lambda execution: execution.started, reverse=True)

    def events(self, name: str, after: int = 0, *, with_data: bool = True) -> list[dict[str, Any]]:
        """The history of an execution, from the event after number `after`; KeyError if no execution has the name.

        Without data the events have no inputs and outputs: `visits` needs none, and a statement may have 60 kB.
        """
        pages = self._newest_first(name, _FEW if after else _MOST, with_data)
        newest_first = takewhile(lambda event: event["id"] > after, pages)
        try:
            return list(newest_first)[::-1]
        except self._client.exceptions.ExecutionDoesNotExist:
            raise KeyError(name) from None

    def _newest_first(self, name: str, size: int, with_data: bool) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=self._execution_arn(name),
            reverseOrder=True,
            includeExecutionData=with_data,
            PaginationConfig={"PageSize": size},
        )
        for page in pages:
            yield from (dict(event) for event in page["events"])

    def _execution_arn(self, name: str) -> str:
        return f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"

    def _find(self, name: str) -> str:
        for page in self._client.get_paginator("list_state_machines").paginate():
            for machine in page["stateMachines"]:
                if machine["name"] == name:
                    return machine["stateMachineArn"]
        raise KeyError(name)


def _object(text: str | None) -> dict[str, Any]:
    """The object that a text holds; empty for any other text."""
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}


def _time(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
