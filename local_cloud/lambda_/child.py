"""Runs one Lambda function's handler, event after event. Started by runtime.py with the deployed code on the path.

    python -P child.py lambdas.plan_copies.handler 3 < events > log    answers go to file descriptor 3

Each event and each answer is one line of JSON. An error of the handler becomes an answer in the Lambda service's form.
When the pipe of events is closed, as by an endpoint that was killed, this process and its children end.
"""

import importlib
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any


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
    """The function of that name; the first event imports it."""
    module, _, function = name.rpartition(".")
    handler: Callable[[Any, Context], Any] = getattr(importlib.import_module(module), function)
    return handler


def end_with_endpoint() -> None:
    """Wait until the other end of the events' pipe is closed, and end this process and its children."""
    hang_up = select.poll()
    hang_up.register(sys.stdin.fileno(), 0)  # 0: no event but the hang-up, which is always told
    hang_up.poll()
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    threading.Thread(target=end_with_endpoint, daemon=True).start()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # children of one function share a log: whole lines
    with os.fdopen(int(sys.argv[2]), "w", encoding="utf-8") as answers:
        for line in sys.stdin:
            made = answer(sys.argv[1], json.loads(line))
            sys.stdout.flush()
            print(made, file=answers, flush=True)


if __name__ == "__main__":
    main()
