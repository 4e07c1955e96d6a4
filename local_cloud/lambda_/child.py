"""Runs one Lambda function's handler, event after event. Started by runtime.py.

    python -P child.py --parent 5      forks a process for each request that comes from the socket 5
    python -P child.py lambdas.plan_copies.handler 3 < events > log     answers go to file descriptor 3

Each event and each answer is one line of JSON. An error of the handler becomes an answer in the Lambda service's form.
When the pipe of events is closed, as by an endpoint that was killed, this process and its children end.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

_HIGHEST = 4096  # no file of the parent has a greater number
_READ_AT_START = ("AWS_EXECUTION_ENV", "LANG", "LC_", "PYTHON")
"""Environment variables that Python, or what the parent imports, reads once."""


class Context:
    """The part of the Lambda context that handlers and Powertools use."""

    def __init__(self, request_id: str, timeout_seconds: float) -> None:
        self.aws_request_id = request_id
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.memory_limit_in_mb = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
        self.invoked_function_arn = os.environ["AWS_LAMBDA_FUNCTION_ARN"]
        self.function_version = "$LATEST"
        self._deadline = time.monotonic() + timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is stopped."""
        return max(0, int(1000 * (self._deadline - time.monotonic())))


class Request(NamedTuple):
    """What the endpoint asks for: a process with this environment, and with these files."""

    handler: str
    environment: dict[str, str]
    events: int
    answers: int
    log: int


def answer(name: str, request: dict[str, Any]) -> str:
    """{"result": ...} or {"error": {errorMessage, errorType, stackTrace}}; a missing handler is an error too."""
    try:
        context = Context(request["id"], request["timeout"])
        return json.dumps({"result": handler_named(name)(request["event"], context)})
    except Exception as error:  # noqa: BLE001 - as the Lambda service does: any error is an answer
        traceback.print_exc()
        told = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "stackTrace": traceback.format_tb(error.__traceback__),
        }
        return json.dumps({"error": told})


def handler_named(name: str) -> Callable[[Any, Context], Any]:
    """The function of that name; it is imported if it has not been."""
    module, _, function = name.rpartition(".")
    handler: Callable[[Any, Context], Any] = getattr(importlib.import_module(module), function)
    return handler


def end_with_endpoint() -> None:
    """Wait until the other end of the events' pipe is closed, and end this process and its children."""
    hang_up = select.poll()
    hang_up.register(sys.stdin.fileno(), 0)  # 0: no event but the hang-up, which is always told
    hang_up.poll()
    os.killpg(0, signal.SIGKILL)


def next_to_fork(control: socket.socket) -> Request:
    """Fork a process for each request; returns in the new process, what was asked for. SystemExit once nobody can ask any more."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    endings: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 1024)
            _tell_endings(endings)
        if control.fileno() in ready:
            length, files, *_ = socket.recv_fds(control, 4, 4)
            if not length:
                sys.exit()
            with control.makefile("rb") as requests:
                asked = json.loads(requests.read(int.from_bytes(length)))
            *own, ending = files
            pid = os.fork()
            if pid == 0:
                return Request(asked["handler"], asked["environment"], *own)
            endings[pid] = ending
            for file in own:
                os.close(file)
            control.sendall(pid.to_bytes(4))


def _tell_endings(endings: dict[int, int]) -> None:
    with suppress(ChildProcessError):  # there is no child any more
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            pid, status = ended
            told = endings.pop(pid)
            with suppress(BrokenPipeError):  # nobody wants to know
                os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(told)


def become(request: Request) -> None:
    """Let nothing of the parent remain but the modules that it has imported."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for file, number in ((request.events, 0), (request.log, 1), (request.log, 2), (request.answers, 3)):
        os.dup2(file, number)
    os.closerange(4, _HIGHEST)
    former = os.environ["PYTHONPATH"].split(os.pathsep)
    os.environ.clear()
    os.environ.update(request.environment)
    time.tzset()
    sys.path[:] = [
        *os.environ["PYTHONPATH"].split(os.pathsep),
        *(path for path in sys.path if path not in former),
    ]
    sys.argv[1:] = [request.handler, "3"]
    if _needs_a_python_of_its_own(request):
        os.execv(sys.executable, [sys.executable, "-P", *sys.argv])  # noqa: S606


def _needs_a_python_of_its_own(request: Request) -> bool:
    """Whether what was imported before would be in the way: a library that the zip brings itself, or a variable that was read.

    macOS looks up proxies in ways that a forked process must not use.
    """
    code = request.environment["PYTHONPATH"].split(os.pathsep)[0]
    brought = {name.partition(".")[0] for name in os.listdir(code)}  # noqa: PTH208 - without the time that pathlib takes
    imported = {name.partition(".")[0] for name in sys.modules}
    read = [name for name in request.environment if name != "PYTHONPATH" and name.startswith(_READ_AT_START)]
    return bool(read or brought & imported or sys.platform == "darwin")


def import_what_functions_import() -> None:
    """Powertools and boto3, with what its clients read from files."""
    import aws_lambda_powertools.metrics  # noqa: F401, PLC0415 - in the parent only
    import boto3.session  # noqa: PLC0415
    import botocore.loaders  # noqa: PLC0415
    import botocore.session  # noqa: PLC0415

    botocore.session.create_loader = cache(botocore.loaders.create_loader)
    session = boto3.session.Session("none", "none", region_name="us-east-1")
    session.client("s3")
    session.client("redshift-data")
    gc.freeze()  # a collection would write to what processes share


def main() -> None:
    if sys.argv[1] == "--parent":
        import_what_functions_import()
        with socket.socket(fileno=int(sys.argv[2])) as control:
            request = next_to_fork(control)
        become(request)
    threading.Thread(target=end_with_endpoint, daemon=True).start()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # children of one function share a log: whole lines
    with suppress(Exception):  # the first event tries it again, and tells the error
        handler_named(sys.argv[1])
    with os.fdopen(int(sys.argv[2]), "w", encoding="utf-8") as answers:
        for line in sys.stdin:
            made = answer(sys.argv[1], json.loads(line))
            sys.stdout.flush()
            print(made, file=answers, flush=True)


if __name__ == "__main__":
    main()
