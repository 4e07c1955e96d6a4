"""The states of an execution, from its history as GetExecutionHistory gives it.

Each event names the event before it in the same branch (`previousEventId`), so an event belongs to the visit of a state to
which the event before it belongs. A statement of the Data API is a loop of states within a parallel state (`LoadStaging: submit`
in `LoadStaging`); the document has the parallel state only, with the waits of the loop.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from report.document import Payload, Refused, State, Status, Try, Wait, Why
from report.times import moment, seconds_between, told

LONGEST_PAYLOAD = 1500
"""Characters of a state's input or output, of an error's cause, and of the execution's input."""

MOST_ITERATIONS = 20
"""The states of so many iterations of a map are in the document, and those that failed."""

MOST_STATES = 500

_STEP = ": "
_FAILED = ("Failed", "TimedOut", "StartFailed", "SubmitFailed", "ScheduleFailed", "Aborted")
_REFUSAL = re.compile(r'User: (\S+) is not authorized to perform: ([\w-]+:\w+)(?: on resource: "?([^\s"]+))?')
_ENDED_STATEMENTS = ("FINISHED", "FAILED", "ABORTED")


def cut(text: str | None) -> Payload | None:
    """The text, or its beginning; None for no text."""
    return None if text is None else {"text": text[:LONGEST_PAYLOAD], "cut": len(text) > LONGEST_PAYLOAD}


@dataclass(frozen=True)
class Work:
    """What the services did for an execution: `calls` are functions, each with the seconds of the call."""

    transitions: int
    calls: tuple[tuple[str, float], ...]
    step_seconds: float
    statement_seconds: float


def work_of(events: Sequence[Mapping[str, Any]]) -> Work:
    """What will be on the bill. A retry is a state transition too (Step Functions pricing page)."""
    tasks = list(_tasks(events))
    entered = sum(event["type"].endswith("StateEntered") for event in events)
    first = {task.visit for task in tasks}
    return Work(
        transitions=entered + len(tasks) - len(first),
        calls=tuple((task.function, task.seconds) for task in tasks if task.function),
        step_seconds=round(sum(task.seconds for task in tasks if task.resource == "addStep.sync"), 3),
        statement_seconds=round(_statement_seconds(events), 3),
    )


@dataclass
class _Task:
    visit: int
    function: str
    resource: str
    started: datetime
    seconds: float = 0.0


def _tasks(events: Sequence[Mapping[str, Any]]) -> Iterable[_Task]:
    """Every attempt of every task, with the time until it succeeded or failed."""
    owner: dict[int, int] = {}
    opened: dict[int, _Task] = {}
    for event in events:
        kind, previous = event["type"], event.get("previousEventId") or 0
        at = moment(event["timestamp"])
        owner[event["id"]] = event["id"] if kind.endswith("StateEntered") else owner.get(previous, 0)
        visit, details = owner[event["id"]], _details(event)
        if kind in ("LambdaFunctionScheduled", "TaskScheduled"):
            resource = str(details.get("resource", ""))
            function = resource.rpartition(":")[2] if kind.startswith("Lambda") else ""
            opened[visit] = _Task(visit, function, resource, at)
            yield opened[visit]
        elif kind in ("LambdaFunctionStarted", "TaskStarted") and visit in opened:
            opened[visit].started = at
        elif kind.startswith(("LambdaFunction", "Task")) and kind.endswith((*_FAILED, "Succeeded")):
            task = opened.pop(visit, None)
            if task:
                task.seconds = (at - task.started).total_seconds()


def _statement_seconds(events: Iterable[Mapping[str, Any]]) -> float:
    """The time in which at least one statement ran, from what DescribeStatement says at the end of each."""
    answers = (
        _json(str(_details(event).get("output") or ""))
        for event in events
        if event["type"] == "TaskSucceeded"
    )
    ran = sorted(
        (moment(answer["CreatedAt"]), moment(answer["UpdatedAt"]))
        for answer in answers
        if answer.get("Status") in _ENDED_STATEMENTS and {"CreatedAt", "UpdatedAt"} <= answer.keys()
    )
    seconds, until = 0.0, None
    for start, end in ran:
        begin = start if until is None else max(start, until)
        seconds += max(0.0, (end - begin).total_seconds())
        until = end if until is None else max(end, until)
    return seconds


@dataclass
class _Attempt:
    start: datetime
    end: datetime | None = None
    error: str | None = None
    cause: str | None = None


@dataclass
class _Visit:
    name: str
    kind: str
    entered: datetime
    input: str | None
    branch: str | None
    whole: "_Visit | None" = None  # the statement that this visit is a step of
    ended: datetime | None = None
    failed: bool = False
    aborted: bool = False
    output: str | None = None
    iterations: int | None = None
    attempts: list[_Attempt] = field(default_factory=list)
    waits: list[tuple[datetime, datetime, Why]] = field(default_factory=list)
    work_ended: datetime | None = None  # when Redshift had done a statement

    @property
    def shown(self) -> "_Visit":
        """The visit that the document has."""
        return self.whole.shown if self.whole else self

    def begin(self, at: datetime) -> None:
        if self.attempts and (last := self.attempts[-1].end) and last < at:
            self.shown.waits.append((last, at, "retry"))
        self.attempts.append(_Attempt(at))

    def start(self, at: datetime) -> None:
        if self.attempts and self.attempts[-1].start < at:
            self.shown.waits.append((self.attempts[-1].start, at, "queue"))

    def finish(self, at: datetime, error: str | None = None, cause: str | None = None) -> None:
        if self.attempts and self.attempts[-1].end is None:
            last = self.attempts[-1]
            last.end, last.error, last.cause = at, error or last.error, cause or last.cause
        self.failed = error is not None

    def leave(self, at: datetime) -> None:
        self.ended = at
        if self.work_ended and self.work_ended < at:
            self.waits.append((max(self.work_ended, self.entered), at, "poll"))

    def status(self, *, running: bool) -> Status:
        if self.aborted:
            return "aborted"
        if self.failed:
            return "failed"
        return "succeeded" if self.ended else "running" if running else "aborted"


def states_of(events: Iterable[Mapping[str, Any]], *, running: bool = False) -> list[State]:
    """The visits to states in the order of entry; visits that have not ended are `running` or, if nothing runs, aborted."""
    reader = _Reader()
    for event in events:
        reader.read(event)
    return [_state(visit, running=running) for visit in _bounded(reader.visits.values())]


def error_of(events: Iterable[Mapping[str, Any]]) -> tuple[str, str] | None:
    """The error that the failure states handle, and its cause; None if the run did not come to them."""
    found = None
    for event in events:
        text = event.get("stateEnteredEventDetails", {}).get("input") or ""
        failure = _json(text).get("failure") if '"failure"' in text else None
        if isinstance(failure, dict) and "Error" in failure:
            found = str(failure["Error"]), str(failure.get("Cause", ""))
    return found


def failed_function(events: Iterable[Mapping[str, Any]], error: str) -> str | None:
    """The name of the function whose call was the last to end with this error; None if none did."""
    called, found = dict[int, str](), None
    for event in events:
        if not event["type"].startswith("LambdaFunction"):
            continue
        details = _details(event)
        _, _, resource = str(details.get("resource") or "").partition(":function:")
        name = resource.partition(":")[0] or called.get(event.get("previousEventId") or 0)
        if name:
            called[event["id"]] = name
            found = name if details.get("error") == error else found
    return found


def refused_in(events: Iterable[Mapping[str, Any]]) -> list[Refused]:
    """The calls that a state failed for, from the causes of the failures: IAM words a refusal in one way for all services.

    The words are those of "Troubleshoot access denied error messages" in the IAM User Guide.
    """
    texts = [str(_details(event).get("cause") or "").replace('\\"', '"') for event in events]
    found = {refusal.groups("*") for text in texts for refusal in _REFUSAL.finditer(text)}
    return [
        {"principal": principal, "action": action, "resource": resource}
        for principal, action, resource in sorted(found)
    ]


class _Reader:
    def __init__(self) -> None:
        self.visits: dict[int, _Visit] = {}  # by the number of the event that began it
        self._owner: dict[int, int] = {}  # of an event: the visit it belongs to
        self._around: dict[int, int] = {}  # of an event: the parallel or map visit it happens in
        self._iteration: dict[int, int] = {}  # of an event: the iteration of the map around it
        self._last = datetime.min.replace(tzinfo=UTC)

    def read(self, event: Mapping[str, Any]) -> None:
        kind, number, previous = event["type"], event["id"], event.get("previousEventId") or 0
        at = moment(event["timestamp"])
        if kind == "ExecutionRedriven":
            self._break_off()
            previous = 0  # the redriven execution enters its states anew
        self._owner[number] = self._owner.get(previous, 0)
        self._around[number] = self._around.get(previous, 0)
        if previous in self._iteration:
            self._iteration[number] = self._iteration[previous]
        if kind.endswith("StateEntered"):
            self._enter(event, at)
        elif kind.endswith("StateExited"):
            self._exit(event, at)
        elif kind in ("ParallelStateStarted", "MapStateStarted"):
            self._open(event, at)
        elif kind.startswith("MapIteration"):
            self._iterate(event, kind, at)
        elif kind.startswith(("ParallelState", "MapState")):
            self._owner[number] = self._around[number]
            self._end(kind, self.visits.get(self._around[number]), at, {})
        elif not kind.startswith("Execution"):
            self._work(kind, event, at)
        self._last = at

    def _break_off(self) -> None:
        for visit in self.visits.values():
            if visit.ended is None:
                visit.finish(
                    self._last, "ExecutionRedriven", "the execution had failed, and somebody redrove it"
                )
                visit.ended = self._last

    def _enter(self, event: Mapping[str, Any], at: datetime) -> None:
        details, number = event["stateEnteredEventDetails"], event["id"]
        around = self.visits.get(self._around[number])
        kind = event["type"].removesuffix("StateEntered")
        visit = _Visit(details["name"], kind, at, details.get("input"), self._branch(number))
        if around and visit.name.startswith(around.name + _STEP):
            visit.whole = around
            self._note_failed_statement(visit, around)
        if kind in ("Succeed", "Fail"):
            visit.ended, visit.failed = at, kind == "Fail"
        self.visits[number] = visit
        self._owner[number] = number

    @staticmethod
    def _note_failed_statement(visit: _Visit, statement: _Visit) -> None:
        if visit.kind == "Fail" and statement.attempts:
            cause = _json(visit.input or "").get("statement", {}).get("Error")
            statement.attempts[-1].error, statement.attempts[-1].cause = visit.name, cause

    def _branch(self, number: int) -> str | None:
        around = self.visits.get(self._around[number])
        if around is None:
            return None
        return f"{around.name}[{self._iteration.get(number, 0)}]" if around.kind == "Map" else around.name

    def _exit(self, event: Mapping[str, Any], at: datetime) -> None:
        details, number = event["stateExitedEventDetails"], event["id"]
        candidates = [self._owner[number], *self._open_visits(details["name"])]
        for candidate in candidates:
            visit = self.visits.get(candidate)
            if visit and visit.name == details["name"]:
                visit.output = details.get("output")
                visit.leave(at)
                self._owner[number] = candidate
                self._around[number] = self._around_of(candidate)
                if candidate in self._iteration:
                    self._iteration[number] = self._iteration[candidate]
                else:
                    self._iteration.pop(number, None)
                return

    def _open_visits(self, name: str) -> list[int]:
        return [number for number, visit in self.visits.items() if visit.name == name and not visit.ended]

    def _around_of(self, visit: int) -> int:
        return self._around.get(visit, 0)

    def _open(self, event: Mapping[str, Any], at: datetime) -> None:
        number = event["id"]
        owner = self._owner[number]
        visit = self.visits.get(owner)
        if visit and visit.kind not in ("Parallel", "Map"):
            owner = self._around[number]
            visit = self.visits.get(owner)
        if visit is None:
            return
        visit.begin(at)
        visit.iterations = event.get("mapStateStartedEventDetails", {}).get("length", visit.iterations)
        self._owner[number] = self._around[number] = owner

    def _iterate(self, event: Mapping[str, Any], kind: str, at: datetime) -> None:
        details = _details(event)
        self._iteration[event["id"]] = details.get("index", 0)
        if kind == "MapIterationAborted":
            for visit in self.visits.values():
                if visit.ended is None and visit.branch == f"{details.get('name')}[{details.get('index')}]":
                    visit.aborted, visit.ended = True, at

    def _work(self, kind: str, event: Mapping[str, Any], at: datetime) -> None:
        visit = self.visits.get(self._owner[event["id"]])
        if visit is None:
            return
        details = _details(event)
        if kind.endswith("Scheduled"):
            visit.begin(at)
        elif kind.endswith("Started"):
            visit.start(at)
        else:
            self._end(kind, visit, at, details)
        if kind == "TaskSucceeded":
            _note_waits(visit, _json(details.get("output") or ""))

    @staticmethod
    def _end(kind: str, visit: _Visit | None, at: datetime, details: Mapping[str, Any]) -> None:
        if visit is None:
            return
        if kind.endswith(_FAILED):
            before = visit.attempts[-1].error if visit.attempts else None
            visit.finish(at, details.get("error") or before or kind, details.get("cause"))
        elif kind.endswith("Succeeded"):
            visit.finish(at)


def _note_waits(visit: _Visit, output: Mapping[str, Any]) -> None:
    """The waits that only the answer of a service tells: how long a step waited, and when a statement had ended.

    Step Functions Developer Guide, "Amazon EMR": the output of addStep.sync is DescribeStep's. DescribeStatement has UpdatedAt.
    """
    if visit.whole and output.get("Status") in _ENDED_STATEMENTS and "UpdatedAt" in output:
        visit.whole.work_ended = moment(output["UpdatedAt"])
    step = output.get("Step")
    line = step.get("Status", {}).get("Timeline", {}) if isinstance(step, dict) else {}
    if line.get("CreationDateTime") and line.get("StartDateTime"):
        created, started = moment(line["CreationDateTime"]), moment(line["StartDateTime"])
        if created < started:
            visit.shown.waits.append((created, started, "queue"))


def _bounded(visits: Iterable[_Visit]) -> list[_Visit]:
    shown = [visit for visit in visits if visit.whole is None]
    kept = [visit for visit in shown if visit.failed or _iteration(visit.branch) < MOST_ITERATIONS]
    return kept[:MOST_STATES]


def _iteration(branch: str | None) -> int:
    return int(branch.rpartition("[")[2].removesuffix("]")) if branch and branch.endswith("]") else 0


def _state(visit: _Visit, *, running: bool) -> State:
    return {
        "name": visit.name,
        "type": visit.kind,
        "branch": visit.branch,
        "status": visit.status(running=running),
        "entered": told(visit.entered),
        "ended": told(visit.ended) if visit.ended else None,
        "seconds": seconds_between(visit.entered, visit.ended) if visit.ended else None,
        "iterations": visit.iterations,
        "tries": [_attempt(attempt) for attempt in visit.attempts],
        "waits": _waits(visit.waits),
        "input": cut(visit.input),
        "output": cut(visit.output),
    }


def _attempt(attempt: _Attempt) -> Try:
    return {
        "from": told(attempt.start),
        "to": told(attempt.end) if attempt.end else None,
        "error": attempt.error,
        "cause": attempt.cause[:LONGEST_PAYLOAD] if attempt.cause else attempt.cause,
    }


def _waits(waits: Sequence[tuple[datetime, datetime, Why]]) -> list[Wait]:
    return [
        {"from": told(start), "to": told(end), "why": why}
        for start, end, why in sorted(waits)
        if told(start) != told(end)
    ]


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event says of its own kind; empty for kinds without details."""
    found: Mapping[str, Any] | None = next(
        (value for name, value in event.items() if name.endswith("EventDetails")), None
    )
    return found or {}


def _json(text: str) -> dict[str, Any]:
    """The object that a text holds; empty for any other text, such as one that was cut."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
