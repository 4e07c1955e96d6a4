"""What the helpers of the tests need of an engine."""

from typing import Any, Protocol


class Engine(Protocol):
    """The local engine, its rival, or both."""

    def run(self, *statements: str, **parameters: str) -> object:
        """Run a batch to the end, which must be the commit."""

    def rows(self, sql: str, **parameters: str) -> list[tuple[Any, ...]]:
        """The values of all rows of a query."""
