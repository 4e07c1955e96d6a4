"""Whether whoever started an execution accepts more rejected rows than the limit."""

from collections.abc import Mapping
from typing import Any

from lambdas.shared.errors import InvalidExecutionInput

_KEY = "accept_rejects"
_USAGE = 'start the execution with {"accept_rejects": true} to publish what a look at the rejects has shown to be right'


def accepts_rejects(execution_input: Mapping[str, Any]) -> str:
    """`true` or `false`, as a parameter of a statement; InvalidExecutionInput for anything but a flag."""
    if misspelt := [key for key in execution_input if key.startswith("accept") and key != _KEY]:
        raise InvalidExecutionInput(f"the input has {', '.join(misspelt)}, expected {_KEY}; {_USAGE}")
    accepted = execution_input.get(_KEY, False)
    if not isinstance(accepted, bool):
        raise InvalidExecutionInput(f"{_KEY} is {accepted!r}, expected true or false; {_USAGE}")
    return str(accepted).lower()
