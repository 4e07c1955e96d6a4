"""RedriveExecution, which moto lacks: an execution that failed, timed out or was aborted goes on where it ended.

As on AWS it is the same execution: name, ARN, start, input and definition stay, the events go on after an
ExecutionRedriven, retries and TimeoutSeconds begin anew, a Fail state fails again. Differences from AWS:

- a Parallel or Map is run again as a whole; AWS runs only the branches and iterations that had not succeeded;
- the state is entered a second time in the history; AWS goes on with the events of its work;
- an execution of an earlier endpoint cannot be redriven (earlier.py);
- `$$.Execution.RedriveCount` does not exist, and a repeated clientToken starts a second redrive.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import AWSError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.flow.start_at import StartAt
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.backend.execution import ExecutionStatus
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.responses import StepFunctionResponse

from local_cloud.step_functions.limits import watch_history

ending = threading.Lock()
"""Held while the end of an execution is written down, and during a redrive: neither sees the other half done."""

_UNSUCCESSFUL = {"FAILED", "ABORTED", "TIMED_OUT"}
_ENDS = {"ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}
_MOST_EVENTS = 24_999
_describe = StepFunctionResponse.describe_execution


class ExecutionNotRedrivable(AWSError):  # type: ignore[misc]  # noqa: N818  # AWS's name
    """The execution is running, succeeded, or has not quite ended."""

    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


def install() -> None:
    """Add RedriveExecution to moto's Step Functions, and the redrives to DescribeExecution."""
    StepFunctionResponse.redrive_execution = _redrive_execution
    StepFunctionResponse.describe_execution = _describe_execution


def description(execution: Any) -> dict[str, Any]:
    """DescribeExecution's members about redrives: redriveCount, redriveDate after a redrive, redriveStatus and its reason."""
    events = _events(execution)
    redrives = [event for event in events if event["type"] == "ExecutionRedriven"]
    reason = _why_not(execution.status, events)
    return {
        "redriveCount": len(redrives),
        **({"redriveDate": datetime.fromisoformat(redrives[-1]["timestamp"])} if redrives else {}),
        "redriveStatus": "NOT_REDRIVABLE" if reason else "REDRIVABLE",
        **({"redriveStatusReason": reason} if reason else {}),
    }


def place_to_go_on(
    definition: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> tuple[str, Any] | None:
    """The top-level state to run, and its input; None if the execution entered no state.

    It is the last state that was entered, or the next one if the execution was stopped between the two. Names are unique
    in a definition, so a name tells whether a state is top-level.
    """
    states = definition["States"]
    kinds = {event["id"]: event["type"] for event in events}
    place: tuple[str, Any] | None = None
    for event in events:
        entered, left = event.get("stateEnteredEventDetails"), event.get("stateExitedEventDetails")
        if entered and entered["name"] in states:
            place = entered["name"], json.loads(entered["input"])
        elif left and left["name"] in states and "Next" in states[left["name"]]:
            caught = kinds.get(event["previousEventId"], "").endswith(("Failed", "TimedOut"))
            place = place if caught else (states[left["name"]]["Next"], json.loads(left["output"]))
    return place


def _redrive_execution(response: Any) -> Any:
    execution = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))  # noqa: SLF001
    with ending:
        events = _events(execution)
        if reason := _why_not(execution.status, events):
            raise ExecutionNotRedrivable(reason)
        now = datetime.now(UTC)
        worker = _Redrive(execution, events, now)
        execution.exec_worker = worker
        execution.exec_status = ExecutionStatus.RUNNING
        execution.stop_date = execution.error = execution.cause = None
        worker.start()
    return ActionResult({"redriveDate": now})


def _describe_execution(response: Any) -> Any:
    with ending:
        answer = _describe(response).result
        execution = response.stepfunction_backend.describe_execution(answer["executionArn"])
        return ActionResult({**answer, **description(execution)})


def _why_not(status: str, events: Sequence[Mapping[str, Any]]) -> str | None:
    if status not in _UNSUCCESSFUL:
        return f"Execution is {status} and cannot be redriven"
    if len(events) >= _MOST_EVENTS:
        return "Execution history event limit exceeded"
    latest = takewhile(
        lambda kind: kind != "ExecutionRedriven", (event["type"] for event in reversed(events))
    )
    if _ENDS.isdisjoint(latest):  # the interpreter lets the running state come to its end
        return f"Execution is {status}, but its last state is still ending: redrive it a little later"
    return None


def _events(execution: Any) -> list[dict[str, Any]]:
    return list(execution.to_history_output()["events"])


class _Redrive(ExecutionWorker):  # type: ignore[misc]
    """Runs an execution from where it ended, and keeps its history."""

    def __init__(self, execution: Any, events: Sequence[Mapping[str, Any]], now: datetime) -> None:
        former = execution.exec_worker
        super().__init__(
            evaluation_details=former._evaluation_details,  # noqa: SLF001
            exec_comm=former._execution_communication,  # noqa: SLF001
            cloud_watch_logging_session=former._cloud_watch_logging_session,  # noqa: SLF001
            activity_store=former._activity_store,  # noqa: SLF001
        )
        definition = json.loads(execution.state_machine.definition)
        start: tuple[str, Any] = definition["StartAt"], execution.input_data
        self._state, state_input = place_to_go_on(definition, events) or start
        self.env = self._get_evaluation_environment()
        self.env.event_manager = former.env.event_manager
        watch_history(self.env)
        self.env.event_history_context = EventHistoryContext(events[-1]["id"])
        self.env.states.reset(state_input)
        redrives = sum(event["type"] == "ExecutionRedriven" for event in events)
        self.env.event_manager.add_event(
            context=self.env.event_history_context,
            event_type=HistoryEventType.ExecutionRedriven,
            event_details={"executionRedrivenEventDetails": {"redriveCount": redrives + 1}},
            timestamp=now,
        )

    def _execution_logic(self) -> None:
        program = self._get_evaluation_entrypoint()
        program.start_at = StartAt(self._state)
        program.eval(self.env)
        self._execution_communication.terminated()
