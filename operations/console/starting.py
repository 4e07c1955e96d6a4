"""The input of an execution, from a form, by the rules by which the run itself checks it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3

from lambdas.shared.errors import InvalidExecutionInput
from lambdas.shared.execution_input import accepts_rejects, analytics_windows
from operations.errors import OperationError
from operations.executions import StateMachine
from operations.run import run_name

_FIELDS = ("window_start", "window_end", "replace_current", "accept_rejects")
_ANY_DAYS = 1  # of a window that has no start: the run knows its own number


def start(deployment: str, fields: Mapping[str, Any]) -> str:
    """Start an execution, and return its name; an empty field is as one that is not there.

    OperationError, in the run's own words, if the run would refuse the input; or if there is no such deployment.
    """
    if unknown := sorted(fields.keys() - set(_FIELDS)):
        raise OperationError(f"found the fields {', '.join(unknown)}, expected {', '.join(_FIELDS)}")
    given = {key: value for key, value in fields.items() if value not in ("", None, False)}
    name = run_name()
    try:
        analytics_windows(given, datetime.now(UTC).isoformat(), _ANY_DAYS)
        accepts_rejects(given)
    except InvalidExecutionInput as error:
        raise OperationError(str(error)) from None
    try:
        machine = StateMachine(boto3.client("stepfunctions"), deployment)
    except KeyError:
        raise OperationError(
            f"there is no deployment {deployment!r} here; deploy it, or reload this page for the names of those that are"
        ) from None
    machine.start(name, given)
    return name
