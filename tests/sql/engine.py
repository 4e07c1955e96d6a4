"""What the helpers of the tests need of an engine, and how they run the checks on it."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from contract.keys import RUN_SLOT
from sql.checks import ACCEPT_REJECTS


class Engine(Protocol):
    """The local engine, its rival, or both."""

    def run(self, *statements: str, **parameters: str) -> object:
        """Run a batch to the end, which must be the commit."""

    def rows(self, sql: str, **parameters: str) -> list[tuple[Any, ...]]:
        """The values of all rows of a query."""


class Result(NamedTuple):
    """A row of sql/quality/results.sql."""

    table: str
    column: str
    rule: str
    severity: str
    rows_checked: int | None
    violations: int | None
    allowed: int
    found: int | None
    expected: int | None
    examples: str
    milliseconds: int | None
    history: str

    @property
    def is_violated(self) -> bool:
        """Whether there are more violations than are allowed."""
        return self.violations is None or self.violations > self.allowed


def filled(batch: Sequence[str], run: str = "r1", *, accept_rejects: str = "false") -> list[str]:
    """The statements of a stage's checks for a run, as the state machine sends them."""
    return [statement.replace(ACCEPT_REJECTS, accept_rejects).replace(RUN_SLOT, run) for statement in batch]


def checked(
    engine: Engine, batch: Sequence[str], run: str = "r1", *, accept_rejects: str = "false"
) -> list[Result]:
    """What the checks of a stage count for a run."""
    statements = filled(batch, run, accept_rejects=accept_rejects)
    engine.run(*statements)
    return [Result(*row) for row in engine.rows(statements[-1])]
