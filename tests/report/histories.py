"""Histories as GetExecutionHistory gives them, written event by event."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

STARTED = datetime(2020, 3, 1, 6, 10, tzinfo=UTC)

Event = dict[str, Any]


class History:
    """Collects events; each follows the one before it unless `after` names another, and comes `later` seconds after it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._now = STARTED

    def add(self, kind: str, *, after: int | None = None, later: float = 1.0, **details: Any) -> int:
        """The number of the new event; `details` are those of its own kind."""
        self._now += timedelta(seconds=later)
        number = len(self.events) + 1
        event = {
            "id": number,
            "previousEventId": number - 1 if after is None else after,
            "type": kind,
            "timestamp": self._now,
        }
        if details:
            kinds = {"StateEntered": "stateEntered", "StateExited": "stateExited"}
            name = next((value for end, value in kinds.items() if kind.endswith(end)), None)
            event[f"{name or kind[0].lower() + kind[1:]}EventDetails"] = details
        self.events.append(event)
        return number

    def enter(self, name: str, kind: str = "Task", *, after: int | None = None, **data: Any) -> int:
        """Enter a state with this data."""
        return self.add(f"{kind}StateEntered", after=after, name=name, input=json.dumps(data))

    def leave(self, name: str, kind: str = "Task", *, after: int | None = None, **data: Any) -> int:
        """Leave a state with this data."""
        return self.add(f"{kind}StateExited", after=after, name=name, output=json.dumps(data))

    def call(self, function: str = "goodreads-plan-copies", *, error: str | None = None) -> int:
        """A call of a function that takes two seconds, after one second in a queue."""
        self.add("LambdaFunctionScheduled", resource=f"arn:aws:lambda:us-east-1:1:function:{function}")
        self.add("LambdaFunctionStarted")
        if error:
            return self.add("LambdaFunctionFailed", later=2, error=error, cause="it was not good")
        return self.add("LambdaFunctionSucceeded", later=2, output="{}")
