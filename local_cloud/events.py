"""Starts what EventBridge would start: rules and schedules of EventBridge Scheduler. moto stores both but never fires them."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from moto.iam.exceptions import NotFoundException

from local_cloud.cloudwatch import target_called
from local_cloud.identity import NotTrusted, session
from stacks.settings.schedule import Rate, read_schedule

log = logging.getLogger(__name__)
_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class _Timer:
    """An enabled rule or schedule. With another expression or zone it is another timer."""

    arn: str
    expression: str
    zone: str = "UTC"  # a rule knows no other
    targets: Sequence[Mapping[str, Any]] = field(default=(), compare=False)

    @property
    def source(self) -> str:
        """For what the service says that it takes a role: the rule, or the schedule's group.

        EventBridge User Guide, "Cross-service confused deputy prevention"; EventBridge Scheduler User Guide, "Confused deputy prevention".
        """
        account, is_schedule, schedule = self.arn.partition(":schedule/")
        return f"{account}:schedule-group/{schedule.partition('/')[0]}" if is_schedule else self.arn

    def next_after(self, now: float) -> float:
        """When it is due next, in seconds since 1970; infinite if never."""
        schedule = read_schedule(self.expression, self.zone)
        if isinstance(schedule, Rate):
            return now + schedule.period.total_seconds()
        start = schedule.next_after(datetime.fromtimestamp(now, UTC))
        return start.timestamp() if start else inf


class Schedule:
    """Starts the state machines that enabled rules and schedules target.

    A rate first fires one period after it was first seen. What was due several times while the machine slept fires once.
    """

    def __init__(self) -> None:
        self._due: dict[_Timer, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="schedule", daemon=True)

    def start(self) -> None:
        """Watch until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Fire nothing more."""
        self._stop.set()
        if self._thread.ident is not None:  # Ctrl-C may come before the start
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                self.tick(time.time())
            except (ClientError, BotoCoreError) as error:
                log.warning("the schedule could not be looked at, trying again: %s", error)

    def tick(self, now: float) -> None:
        """Fire what is due at `now` (seconds since 1970)."""
        seen, self._due = self._due, {}  # what was deleted or disabled starts afresh when it comes back
        for timer in (*_rules(), *_schedules()):
            upcoming = timer.next_after(now)
            due = min(seen.get(timer, inf), upcoming)  # the clock of the machine may be put back
            self._due[timer] = upcoming if now >= due else due
            if now >= due:
                for target in timer.targets:
                    failed = not _fire(target, timer.source)
                    target_called(timer.arn, failed=failed)


def _rules() -> Iterator[_Timer]:
    events = boto3.client("events")
    for rule in events.list_rules()["Rules"]:
        if rule["State"] == "ENABLED" and "ScheduleExpression" in rule:
            targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            yield _Timer(rule["Arn"], rule["ScheduleExpression"], targets=targets)


def _schedules() -> Iterator[_Timer]:
    scheduler = boto3.client("scheduler")
    for page in scheduler.get_paginator("list_schedules").paginate(State="ENABLED"):
        for each in page["Schedules"]:
            found = scheduler.get_schedule(GroupName=each["GroupName"], Name=each["Name"])
            zone = found["ScheduleExpressionTimezone"]
            yield _Timer(found["Arn"], found["ScheduleExpression"], zone, [found["Target"]])


def _fire(target: Mapping[str, Any], source: str) -> bool:
    """Start an execution as the target's role: EventBridge and its Scheduler start no state machine without one."""
    state_machine = target["Arn"]
    name = f"scheduled-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S-%f}"[:-3]
    try:
        service = f"{source.split(':')[2]}.amazonaws.com"
        keys = session(target.get("RoleArn", ""), name, service=service, source=source)
        states = keys.client("stepfunctions")
        states.start_execution(stateMachineArn=state_machine, name=name, input=target.get("Input", "{}"))
    except (
        ClientError,
        NotFoundException,
        NotTrusted,
    ) as error:  # one failure must stop neither the other rules nor the next time
        log.warning("the schedule could not start %s: %s", state_machine, error)
        return False
    return True
