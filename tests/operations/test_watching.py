"""How often a run is looked at while it goes on."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from operations import run as running
from operations.executions import Execution

BEGAN = datetime(2020, 2, 20, tzinfo=UTC)


class Machine:
    """A state machine whose execution has had so many events at each look, and has ended at the last one."""

    def __init__(self, looks: Sequence[int]) -> None:
        self._looks = list(looks)

    def describe(self, name: str) -> Execution:
        """How it is at this look."""
        ended = len(self._looks) == 1
        return Execution(
            name, "SUCCEEDED" if ended else "RUNNING", BEGAN, BEGAN + timedelta(1) if ended else None
        )

    def events(self, _name: str, *, after: int, with_data: bool) -> list[dict[str, Any]]:
        """What is new at this look."""
        assert not with_data
        return [
            {"id": number, "type": "ExecutionStarted", "timestamp": BEGAN, "previousEventId": 0}
            for number in range(after + 1, self._looks.pop(0) + 1)
        ]


def test_looks_become_rarer_while_nothing_is_new_and_frequent_again_when_something_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("operations.run.time.sleep", pauses.append)
    machine: Any = Machine([1, 1, 1, 1, 1, 2, 2, 3])
    execution, _ = running._watch(Console(quiet=True), machine, "a")  # noqa: SLF001 - what people call needs an endpoint
    assert execution.status == "SUCCEEDED"
    assert pauses == [0.2, 0.4, 0.8, 1.0, 1.0, 0.2, 0.4]
