"""Limits of an execution that moto's interpreter does not know: events of a history, and errors that States.ALL leaves alone.

From the Step Functions Developer Guide: "Avoid reaching the history quota", "Step Functions service quotas", and "Handling errors in Step Functions
workflows" (error names). The guide has no words for the end of a full history: error and cause are those that people have reported from AWS.
"""

from typing import Any

from moto.stepfunctions.parser import quotas
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError, ProgramStopped
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

_MOST_EVENTS = 25_000
_LAST = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}
_FULL = {
    "error": "States.Runtime",
    "cause": f"The execution reached the maximum number of history events ({_MOST_EVENTS}).",
}
_NOT_OF_ALL = [
    StatesErrorName(typ=StatesErrorNameType.StatesRuntime),
    StatesErrorName(typ=StatesErrorNameType.StatesStatesDataLimitExceeded),
]

_add_event, _publish = EventManager.add_event, EventManager._publish_history_event  # noqa: SLF001
_set_error, _matches = Environment.set_error, ErrorEqualsDecl._eval_body  # noqa: SLF001
_eval, _environment = Program.eval, ExecutionWorker._get_evaluation_environment  # noqa: SLF001


class _HistoryFullError(Exception):
    """The next event has to be the last one, and is not the end of the execution."""


def install() -> None:
    """Make moto's interpreter keep these limits."""
    ExecutionWorker._get_evaluation_environment = _environment_that_watches_its_history  # noqa: SLF001
    EventManager.add_event = _add_event_if_there_is_room
    EventManager._publish_history_event = _publish_if_there_is_room  # noqa: SLF001
    Environment.set_error = _set_first_end
    Program.eval = _eval_unless_over
    ErrorEqualsDecl._eval_body = _match_without_terminal_errors  # noqa: SLF001
    quotas.MAX_STATE_SIZE_UTF8_BYTES = 256 * 1024 + 1  # moto refuses the size that is just allowed


def watch_history(environment: Any) -> None:
    """Let the execution fail when its history is full."""
    environment.event_manager.execution = environment


def _environment_that_watches_its_history(worker: Any) -> Any:
    environment = _environment(worker)
    watch_history(environment)
    return environment


def _add_event_if_there_is_room(manager: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
    before = context.source_event_id, context.last_published_event_id
    try:
        return _add_event(manager, context, *args, **kwargs)
    except _HistoryFullError:
        context.source_event_id, context.last_published_event_id = before
        manager.execution.set_error(error=_FULL)
        return context.last_published_event_id


def _publish_if_there_is_room(manager: Any, event_id: int, **event: Any) -> None:
    """Under the manager's lock: event 25,000 is the end of the execution, and nothing comes after it."""
    if event_id >= _MOST_EVENTS and (event_id > _MOST_EVENTS or event["event_type"] not in _LAST):
        manager._event_id_gen._next_id = event_id  # noqa: SLF001 - the number was not used
        raise _HistoryFullError
    _publish(manager, event_id=event_id, **event)


def _set_first_end(env: Any, error: Any) -> None:
    """Ignore what fails because the execution has been stopped, or because its history is full: on AWS that undoes neither."""
    state = env.program_state()
    if not isinstance(state, ProgramStopped) and not (
        isinstance(state, ProgramError) and state.error == _FULL
    ):
        _set_error(env, error)


def _eval_unless_over(program: Any, env: Any) -> None:
    """Another branch may have filled the history before this one begins."""
    if not isinstance(env.program_state(), ProgramError):
        _eval(program, env)


def _match_without_terminal_errors(declaration: Any, env: Any) -> None:
    name = env.stack[-1]
    if name in _NOT_OF_ALL and name not in declaration.error_names:
        env.stack[-1] = False
    else:
        _matches(declaration, env)
