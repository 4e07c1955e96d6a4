"""A Data API that goes wrong at the chosen calls; what it does in between, the real engine does."""

import socket
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NoReturn

import flask
from werkzeug.exceptions import ServiceUnavailable

from local_cloud.identity import Principal
from local_cloud.redshift import RedshiftEngine
from local_cloud.redshift.errors import DataApiError
from tests.local_cloud.waiting import PATIENCE

Message = dict[str, Any]
Operation = Callable[[Message], Message]
Fault = Callable[[Operation, Message], Message]
"""Gets the real operation and the request; gives the answer, or raises what the caller is to see."""


class FaultyEngine:
    """Delegates to `engine`; `requests` keeps what was asked, by operation, faults included."""

    def __init__(self, engine: RedshiftEngine) -> None:
        self.requests: defaultdict[str, list[Message]] = defaultdict(list)
        self._engine = engine
        self._faults: dict[str, Iterator[Fault]] = {}

    def script(self, operation: str, faults: Iterable[Fault]) -> None:
        """Let each of the next calls of `operation` meet one of these faults; later calls meet none."""
        self._faults[operation] = iter(faults)

    def final_status(self) -> str:
        """What becomes of the one statement that was looked at; waits for its end."""
        (identifier,) = {request["Id"] for request in self.requests["describe_statement"]}
        return str(once_ended(self._engine.describe_statement, {"Id": identifier})["Status"])

    def execute_statement(self, request: Message, caller: Principal) -> Message:
        return self._call("execute_statement", request, caller)

    def batch_execute_statement(self, request: Message, caller: Principal) -> Message:
        return self._call("batch_execute_statement", request, caller)

    def describe_statement(self, request: Message, caller: Principal) -> Message:
        return self._call("describe_statement", request, caller)

    def cancel_statement(self, request: Message, caller: Principal) -> Message:
        return self._call("cancel_statement", request, caller)

    def get_statement_result(self, request: Message, caller: Principal) -> Message:
        return self._call("get_statement_result", request, caller)

    def list_statements(self, request: Message, caller: Principal) -> Message:
        return self._call("list_statements", request, caller)

    def _call(self, name: str, request: Message, caller: Principal) -> Message:
        self.requests[name].append(request)
        fault = next(self._faults.get(name, iter(())), None)
        operation = partial(getattr(self._engine, name), caller=caller)
        return fault(operation, request) if fault else operation(request)


def refused(code: str) -> Fault:
    """Nothing is done; the caller gets the error `code`."""

    def refuse(_operation: Operation, _request: Message) -> NoReturn:
        raise DataApiError(code, f"refused with {code}")

    return refuse


def answer_lost(operation: Operation, request: Message) -> NoReturn:
    """It is done, but the caller gets a 503 of something between it and the Data API."""
    operation(request)
    raise ServiceUnavailable


def connection_cut(operation: Operation, request: Message) -> Message:
    """It is done, but the connection ends before the answer."""
    answer = operation(request)
    connection: socket.socket = flask.request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return answer


def says(**members: Any) -> Fault:
    """Do the operation, but replace members of its answer by these; None removes a member."""

    def alter(operation: Operation, request: Message) -> Message:
        altered = {**operation(request), **members}
        return {name: value for name, value in altered.items() if value is not None}

    return alter


def pretended(**members: Any) -> Fault:
    """Nothing is done, but the answer says so."""
    return lambda _operation, request: {**request, **members}


def once_ended(describe: Operation, request: Message) -> Message:
    """The look at the statement takes until its end."""
    return describe({**request, "WaitTimeSeconds": PATIENCE})


def after(event: Callable[[], object]) -> Fault:
    """Something else happens just before the request arrives."""

    def happen(operation: Operation, request: Message) -> Message:
        event()
        return operation(request)

    return happen
