"""The executions of earlier endpoints: AWS remembers an execution for 90 days, moto until its process ends.

They are read from the documents that the endpoint writes when an execution ends.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import ExecutionDoesNotExist
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from local_cloud.step_functions.redrive import ExecutionNotRedrivable

_LISTED = ("executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate")
_DATES = ("startDate", "stopDate", "redriveDate")
_PAGE = 100  # executions, where a request does not say how many
_NOT_HERE = "The execution ended under an earlier endpoint, which only keeps its history: start a new one, which takes its files"
_history = StepFunctionsParserBackend.get_execution_history


def install(folder: Path) -> None:
    """Let DescribeExecution, GetExecutionHistory and ListExecutions know the documents in `folder`; RedriveExecution refuses them.

    Comes after the hooks that answer for the executions of this endpoint. A second call replaces the first folder.
    """
    describe, redrive = StepFunctionResponse.describe_execution, StepFunctionResponse.redrive_execution

    def history(backend: Any, execution_arn: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return _history(backend, execution_arn, *args, **kwargs)
        except ExecutionDoesNotExist:
            return {"events": _found(folder, execution_arn)["events"]}

    StepFunctionsParserBackend.get_execution_history = history
    StepFunctionResponse.describe_execution = _or_else(
        describe, lambda arn: ActionResult(_description(folder, arn))
    )
    StepFunctionResponse.redrive_execution = _or_else(redrive, lambda arn: _refuse(folder, arn))
    StepFunctionResponse.list_executions = lambda response: _list(response, folder)


def _or_else(answer: Callable[[Any], Any], earlier: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Answer for an execution of this endpoint, or else for an earlier one."""

    def answered(response: Any) -> Any:
        try:
            return answer(response)
        except ExecutionDoesNotExist:
            return earlier(response._get_param("executionArn"))  # noqa: SLF001

    return answered


def _description(folder: Path, arn: str) -> dict[str, Any]:
    found = _with_dates(_found(folder, arn)["description"])
    return {**found, "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": _NOT_HERE}


def _refuse(folder: Path, arn: str) -> None:
    _found(folder, arn)
    raise ExecutionNotRedrivable(_NOT_HERE)


def _list(response: Any, folder: Path) -> ActionResult:
    """The newest first, as AWS lists them; a page's token is the number of executions on the pages before."""
    parameter = response._get_param  # noqa: SLF001
    arn, status = parameter("stateMachineArn"), parameter("statusFilter")
    machine = response.stepfunction_backend.describe_state_machine(arn)
    earlier = (
        () if status == "RUNNING" else _documents(folder)
    )  # there may be thousands, and none of them runs
    found = {one["name"]: _with_dates(one) for one in earlier if one["stateMachineArn"] == arn}
    found |= {one.name: _listed(one.to_describe_output()) for one in machine.executions}
    newest = sorted(found.values(), key=lambda one: one["startDate"], reverse=True)
    wanted = [_listed(one) for one in newest if status in (None, one["status"])]
    start = int(parameter("nextToken") or 0)
    end = start + int(parameter("maxResults") or _PAGE)
    more = {"nextToken": str(end)} if end < len(wanted) else {}
    return ActionResult({"executions": wanted[start:end], **more})


def _listed(description: dict[str, Any]) -> dict[str, Any]:
    return {name: description[name] for name in _LISTED if description.get(name) is not None}


def _with_dates(description: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in _DATES and isinstance(value, str) else value
        for name, value in description.items()
    }


def _found(folder: Path, arn: str) -> dict[str, Any]:
    path = folder / f"{arn.rpartition(':')[2]}.json"
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{arn}'") from None
    return document


def _documents(folder: Path) -> Iterator[dict[str, Any]]:
    """The descriptions."""
    for path in sorted(folder.glob("*.json")):
        yield _described(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=10_000)
def _described(path: Path, _written: int) -> dict[str, Any]:
    """A document is written again after a redrive; its history is long, so it is read once."""
    description: dict[str, Any] = json.loads(path.read_bytes())["description"]
    return {name: value for name, value in description.items() if name in _LISTED}
