"""Runs the deployed code of Lambda functions in child processes; they stay warm, as on AWS."""

import hashlib
import json
import os
import select
import threading
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Protocol

from landing.aside import written_aside
from landing.disk import cause_told
from local_cloud.deployed_only import DEPLOYED_ONLY
from local_cloud.identity import Keys, session
from local_cloud.lambda_.forks import Forked, Forks
from local_cloud.processes import end_tree

_SESSION_SECONDS = 12 * 3600


class Function(Protocol):
    """The attributes of moto's function objects that the runtime reads."""

    function_name: str
    function_arn: str
    role: str
    handler: str
    code_bytes: bytes
    environment_vars: dict[str, str]
    timeout: int
    memory_size: int


@dataclass(frozen=True)
class Answer:
    """What a function returned, or its error; `payload` is JSON."""

    payload: bytes
    failed: bool


@dataclass(frozen=True)
class _Child:
    process: Forked
    events: IO[bytes]
    answers: IO[bytes]
    expires: datetime

    def waits(self) -> bool:
        """Whether the child still lives: an idle child tells nothing, and the pipe of its answers hangs up before anything else says that it ended."""
        told = select.poll()
        told.register(self.answers.fileno())
        return not told.poll(0) and self.process.poll() is None

    def end(self) -> None:
        end_tree(self.process)
        with suppress(BrokenPipeError):  # of an event that it has not read
            self.events.close()
        self.answers.close()


SignIn = Callable[[Function], Keys]
"""Makes the keys with which the children of a function sign what they call."""


def _session_of(function: Function) -> Keys:
    """A session of the function's role; Lambda gives it the function's name."""
    return session(
        function.role,
        function.function_name,
        seconds=_SESSION_SECONDS,
        service="lambda.amazonaws.com",
        source=function.function_arn,
    )


class LambdaRuntime:
    """A pool of warm children for each version of each function; each concurrent call has its own child."""

    def __init__(
        self, code: Path, logs: Path, environment: dict[str, str], sign_in: SignIn = _session_of
    ) -> None:
        self.code = code
        self._logs = logs
        self._environment = environment
        self._sign_in = sign_in
        self._forks = Forks()
        self._ahead: ThreadPoolExecutor | None = None
        self._idle: dict[str, list[_Child]] = defaultdict(list)
        self._children: list[_Child] = []
        self._versions: dict[str, str] = {}
        self._lock = threading.Lock()
        self._closed = False

    def invoke(self, function: Function, event: Any) -> Answer:
        """Run the handler on the event; a child that dies or takes longer than the timeout is an error."""
        key = self._newest(function)
        child = self._take(key, function.timeout) or self._start(function)
        request = {"event": event, "id": str(uuid.uuid4()), "timeout": function.timeout}
        line = self._exchange(child, request, function.timeout)
        if line is None or not line.endswith(b"\n"):
            return self._ended(child, function, timed_out=line is None)
        with self._lock:
            self._idle[key].append(child)
        document = json.loads(line)
        failed = "error" in document
        return Answer(json.dumps(document["error" if failed else "result"]).encode(), failed)

    def start_ahead(self) -> None:
        """Make ready what the first child of a function needs, and from now on a child of each function that is made."""
        self._ahead = ThreadPoolExecutor(max_workers=1)
        self._forks.start()

    def made(self, function: Function) -> Future[None] | None:
        """Start a child before the function's first event, as AWS may; None unless functions start ahead.

        What goes wrong is told by the first event, which tries it again.
        """
        key = self._newest(function)

        def start() -> None:
            with suppress(Exception):
                child = self._start(function)
                with self._lock:
                    self._idle[key].append(child)

        return self._ahead.submit(start) if self._ahead and not self._closed else None

    def close(self) -> None:
        """End every child."""
        if self._ahead:
            self._ahead.shutdown(cancel_futures=True)
        with self._lock:
            self._closed = True
            children = list(self._children)
        for child in children:
            child.end()
        self._forks.close()

    def _newest(self, function: Function) -> str:
        """The version of the function; idle children of the version before end, for nobody will ask them again."""
        key = _version(function)
        with self._lock:
            before = self._versions.get(function.function_name, key)
            self._versions[function.function_name] = key
            outdated = self._idle.pop(before, []) if before != key else []
        for child in outdated:
            self._end(child)
        return key

    def _take(self, key: str, timeout: int) -> _Child | None:
        """A warm child whose session lasts for another call."""
        while True:
            with self._lock:
                child = self._idle[key].pop() if self._idle[key] else None
            if child is None or (
                child.waits() and datetime.now(UTC) + timedelta(seconds=timeout) < child.expires
            ):
                return child
            self._end(child)

    def _end(self, child: _Child) -> None:
        child.end()
        with self._lock:
            self._children.remove(child)

    def _ended(self, child: _Child, function: Function, *, timed_out: bool) -> Answer:
        code = child.process.wait()
        self._end(child)
        name = function.function_name
        if timed_out:
            return _error("Sandbox.Timedout", f"{name} timed out after {function.timeout} seconds")
        cause = cause_told(f"{name} exited with {code}; see {self.log(function)}", self._logs)
        return _error("Runtime.ExitError", cause)

    def _start(self, function: Function) -> _Child:
        code = self._unpacked(function)
        keys = self._sign_in(function)
        with self.log(function).open("ab") as log, self._lock:
            if self._closed:
                raise RuntimeError("the endpoint is going down")
            events, told = os.pipe()
            reading, answers = os.pipe()
            try:
                environment = {**self._variables(function, code), **keys.variables()}
                process = self._forks.fork(function.handler, environment, events, answers, log.fileno())
            except BaseException:
                os.close(told)
                os.close(reading)
                raise
            finally:
                os.close(events)
                os.close(answers)
            child = _Child(process, os.fdopen(told, "wb"), os.fdopen(reading, "rb"), keys.expires)
            self._children.append(child)
        return child

    def _exchange(self, child: _Child, request: dict[str, Any], timeout: float) -> bytes | None:
        """The child's answer with its newline; None after the timeout; without the newline if the child died."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            end_tree(child.process)  # ends the write or the read below

        timer = threading.Timer(timeout, expire)
        timer.start()
        try:
            child.events.write(json.dumps(request).encode() + b"\n")
            child.events.flush()
            line = child.answers.readline()
        except BrokenPipeError:
            line = b""
        finally:
            timer.cancel()
            timer.join()
        return None if expired.is_set() else line

    def _unpacked(self, function: Function) -> Path:
        digest = hashlib.sha256(function.code_bytes).hexdigest()
        target = self.code / digest
        with self._lock:
            if not target.exists():
                with written_aside(target) as partial, zipfile.ZipFile(BytesIO(function.code_bytes)) as code:
                    code.extractall(partial)
        return target

    def _variables(self, function: Function, code: Path) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join((str(code), str(DEPLOYED_ONLY))),
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_ARN": function.function_arn,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "POWERTOOLS_TRACE_DISABLED": "true",
            **self._environment,
            **function.environment_vars,
        }

    def log(self, function: Function) -> Path:
        """The file that gets what the function prints."""
        return self._logs / f"lambda-{function.function_name}.log"


def _version(function: Function) -> str:
    """Calls with the same version can share a child."""
    settings = [
        function.function_name,
        function.handler,
        function.role,
        sorted(function.environment_vars.items()),
    ]
    return hashlib.sha256(function.code_bytes + json.dumps(settings).encode()).hexdigest()


def _error(kind: str, message: str) -> Answer:
    return Answer(json.dumps({"errorType": kind, "errorMessage": message}).encode(), failed=True)
