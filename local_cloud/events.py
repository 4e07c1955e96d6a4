"""Fires EventBridge rules that have a rate: moto stores rules but never fires them."""

import logging
import re
import threading
import time
from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

log = logging.getLogger(__name__)
_LOOK_SECONDS = 2.0
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}


def seconds_of(expression: str) -> int | None:
    """The period of `rate(10 minutes)` in seconds; None for any other expression: it does not fire here."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    return int(match[1]) * _UNITS[match[2]] if match else None


class Schedule:
    """Starts the state machines that enabled rules target; a rule first fires one period after it was first seen."""

    def __init__(self) -> None:
        self._due: dict[tuple[str, str], float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="schedule", daemon=True)

    def start(self) -> None:
        """Watch the rules until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Fire nothing more."""
        self._stop.set()
        if self._thread.ident is not None:  # Ctrl-C may come before the start
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                self.tick(time.monotonic())
            except (ClientError, BotoCoreError) as error:
                log.warning("the schedule could not be looked at, trying again: %s", error)

    def tick(self, now: float) -> None:
        """Fire what is due at `now` (seconds of a monotonic clock)."""
        events = boto3.client("events")
        seen, self._due = (
            self._due,
            {},
        )  # a rule that was deleted or disabled starts a new period when it comes back
        for rule in events.list_rules()["Rules"]:
            expression = rule.get("ScheduleExpression", "")
            period = seconds_of(expression)
            if period is None or rule["State"] != "ENABLED":
                continue
            due = seen.get((rule["Name"], expression), now + period)
            self._due[rule["Name"], expression] = now + period if now >= due else due
            if now >= due:
                for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                    _fire(target["Arn"], target.get("Input", "{}"))


def _fire(state_machine: str, execution_input: str) -> None:
    name = f"scheduled-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S-%f}"[:-3]
    try:
        boto3.client("stepfunctions").start_execution(
            stateMachineArn=state_machine, name=name, input=execution_input
        )
    except ClientError as error:  # one failure must stop neither the other rules nor the next time
        log.warning("the schedule could not start %s: %s", state_machine, error)
