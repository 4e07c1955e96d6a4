"""How often a statement of the Redshift Data API is looked at, and what that costs of an execution's history."""

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Self

ENDING_WAITS = 3
"""How often to look again at a cancelled statement that still runs."""

STATEMENTS, TURNS = 40, 32
"""What a run sends at most, the analytics of an unfinished run and of a past window included; three of them four times at once."""

_EVENTS, _EVENTS_OF_A_WAIT = 34, 11  # without a wait, and for each; a test counts both


@dataclass(frozen=True)
class Polling:
    """The waits between two looks at a running statement: they grow by `step_seconds` until they add up to the timeout."""

    step_seconds: int
    timeout_seconds: int

    @classmethod
    def shared(cls, *, step_seconds: int, run_seconds: int) -> Self:
        """That of statements that share a run evenly: the worst case, as their number of waits grows with the square root of their duration."""
        return cls(step_seconds, run_seconds // TURNS)

    @property
    def longest_wait(self) -> int:
        """The wait after which the statement is cancelled: n waits of s, 2s, ... ns take s n (n + 1) / 2."""
        waits = (sqrt(1 + 8 * self.timeout_seconds / self.step_seconds) - 1) / 2
        return self.step_seconds * ceil(waits)

    @property
    def events(self) -> int:
        """The events of a statement that never ends."""
        return _EVENTS + _EVENTS_OF_A_WAIT * (self.longest_wait // self.step_seconds + ENDING_WAITS)
