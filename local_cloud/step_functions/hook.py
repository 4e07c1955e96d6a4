"""Hooks into moto's Step Functions: state machines from CloudFormation run; ended executions are kept and can be redriven."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from moto.core.config import default_user_config
from moto.core.responses import ActionResult
from moto.stepfunctions import models
from moto.stepfunctions.parser import models as parser_models
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend import execution_worker
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.responses import StepFunctionResponse

from local_cloud.step_functions import limits, redrive

Ended = Callable[[dict[str, Any], list[dict[str, Any]]], None]
_BEGINS_WITHIN_SECONDS, _LOOK_SECONDS = 60, 0.01
_PAGE = 100  # events, where a request does not say how many
_terminated = BaseExecutionWorkerCommunication.terminated
_details = Execution.get_start_execution_details
_parse_path, _parse_result_path = cache(json_path.parse), cache(result_path.parse)


def install(ended: Ended) -> None:
    """Interpret state machines; `ended` receives each ended execution (DescribeExecution, its events).

    A redriven execution ends again, and `ended` receives all its events. A second call replaces the first receiver.
    """
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    models.stepfunctions_backends = (
        parser_models.stepfunctions_parser_backends  # CloudFormation then makes executable state machines
    )
    # a Fail state that passes on a caught error may name a States.* error, as on AWS
    CustomErrorName.__init__ = ErrorName.__init__
    Execution.get_start_execution_details = _with_start_as_text
    _parse_each_definition_once_for_its_first_execution()
    # its parser builds its grammar anew for each path; the paths are those of the definitions
    json_path.parse, result_path.parse = _parse_path, _parse_result_path
    StepFunctionResponse.stop_execution = _stop_with_cause
    StepFunctionResponse.get_execution_history = _page_of_history
    EventManager.get_event_history = _events_so_far
    _install_archive(ended)
    limits.install()
    redrive.install()


def _with_start_as_text(execution: Any) -> Any:
    """The context object's StartTime is text, like 2020-02-19T21:38:16.690Z, as on AWS; intrinsic functions take only text."""
    details = _details(execution)
    text = execution.start_date.astimezone(UTC).isoformat(timespec="milliseconds")
    details.start_time = text.replace("+00:00", "Z")
    return details


def _parse_each_definition_once_for_its_first_execution() -> None:
    """CreateStateMachine parses a definition to check it, which takes half a second; the first execution runs that program.

    A program runs once: a redrive changes its own.
    """
    checked: dict[str, Any] = {}

    class Checking:
        @staticmethod
        def parse(definition: str) -> Any:
            checked[definition] = AmazonStateLanguageParser.parse(definition)

    class Running:
        @staticmethod
        def parse(definition: str) -> Any:
            return checked.pop(definition, None) or AmazonStateLanguageParser.parse(definition)

    parser_models.AmazonStateLanguageParser = Checking
    execution_worker.AmazonStateLanguageParser = Running


def _stop_with_cause(response: Any) -> Any:
    """StopExecution; moto drops the error and the cause it is given.

    An execution's thread reads the definition first, for half a second. Until then moto has nothing that could be stopped, so the request waits.
    """
    parameter = response._get_param  # noqa: SLF001
    execution = response.stepfunction_backend.describe_execution(parameter("executionArn"))
    deadline = time.monotonic() + _BEGINS_WITHIN_SECONDS
    while execution.exec_worker.env is None and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    now = datetime.now(UTC)
    execution.stop(stop_date=now, error=parameter("error"), cause=parameter("cause"))
    return ActionResult({"stopDate": now})


def _page_of_history(response: Any) -> Any:
    """GetExecutionHistory in pages, from either end; moto answers with the whole history.

    moto would look for each of the forty members that an event may have, in three spellings: ten times as long as writing those it has.
    A page's token is the number of events before the page's end that is nearer to the next page. `includeExecutionData` false leaves
    inputs and outputs out (GetExecutionHistory in its API reference).
    """
    parameter = response._get_param  # noqa: SLF001
    events = response.stepfunction_backend.get_execution_history(parameter("executionArn"))["events"]
    size, token = parameter("maxResults") or _PAGE, parameter("nextToken")
    if parameter("reverseOrder"):
        end = int(token or len(events))
        rest = max(0, end - size)
        page, is_last = events[rest:end][::-1], rest == 0
    else:
        start = int(token or 0)
        rest = start + size
        page, is_last = events[start:rest], rest >= len(events)
    if parameter("includeExecutionData") is False:
        page = [_without_data(event) for event in page]
    told = [{**event, "timestamp": _epoch(event["timestamp"])} for event in page]
    body = {"events": told} if is_last else {"events": told, "nextToken": str(rest)}
    return 200, {}, json.dumps(body)


def _epoch(moment: str | datetime) -> float:
    """Seconds since 1970, as times are on the wire in this protocol; the interpreter's events have a text in ISO 8601."""
    return (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).timestamp()


def _events_so_far(manager: Any) -> list[dict[str, Any]]:
    """The interpreter's own events, which nobody changes: moto would copy all that is in them for each look at an execution."""
    with manager._mutex:  # noqa: SLF001
        return list(manager._history_event_list)  # noqa: SLF001


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    """The event without what its state, task or function was given or has answered, as moto leaves it out of logs."""
    found = dict(event)
    for member, details in event.items():
        if member.endswith("EventDetails"):
            found[member] = dict(details)
            EventManager._remove_data_from_history_log(found[member])  # noqa: SLF001
    return found


def _install_archive(ended: Ended) -> None:

    def archive(self: Any) -> None:
        with redrive.ending:
            _terminated(self)
            if isinstance(stopped := self.execution.exec_worker.env.program_state(), ProgramStopped):
                self.execution.error, self.execution.cause = stopped.error, stopped.cause
            described = {**self.execution.to_describe_output(), **redrive.description(self.execution)}
            description = json.loads(json.dumps(described, default=str))
            events = json.loads(json.dumps(self.execution.to_history_output()["events"], default=str))
            ended(description, events)

    BaseExecutionWorkerCommunication.terminated = archive
