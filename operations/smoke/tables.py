"""Compares the tables of two warehouses row by row: a deployment's, and that of the same run on this machine."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sql import statements

Row = tuple[Any, ...]
Ask = Callable[[str], list[Row]]
"""Gives the rows of a query."""

_EXAMPLES = 5
_CUT = 80


@dataclass
class Comparison:
    """One table: its rows here and there, how many of them the other one lacks, and some of these."""

    table: str
    rows_here: int = 0
    rows_there: int = 0
    only_here: int = 0
    only_there: int = 0
    columns: list[str] = field(default_factory=list)
    """Those in which rows of the same key differ."""
    examples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def same(self) -> bool:
        return not self.only_here and not self.only_there

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def compared(here: Ask, there: Ask) -> Iterator[Comparison]:
    """Each table of the warehouse and of the analytics, without what differs from run to run."""
    for table, columns in statements.same_in_every_run().items():
        query = statements.rows(table, columns)
        found, other = (_values(ask(query), list(columns.values())) for ask in (here, there))
        yield compare(table, list(columns), found, other)


def compare(table: str, columns: Sequence[str], here: Iterable[Row], there: Iterable[Row]) -> Comparison:
    """The rows of a table in whatever order, each as often as it is there; the first column is taken for the key."""
    ours, theirs = Counter(here), Counter(there)
    only_here, only_there = ours - theirs, theirs - ours
    found = Comparison(table, ours.total(), theirs.total(), only_here.total(), only_there.total())
    by_key = {row[0]: row for row in only_there}
    differing: Counter[str] = Counter()
    for row in only_here:
        pairs = dict(zip(columns, zip(row, by_key.get(row[0], row), strict=True), strict=True))
        changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        differing.update(changed.keys())
        if len(found.examples) < _EXAMPLES:
            found.examples.append(_example(columns[0], row[0], changed, is_missing=row[0] not in by_key))
    known = {row[0] for row in only_here}
    more = [row for row in only_there if row[0] not in known]
    found.examples += [{columns[0]: _cut(row[0]), "only": "there"} for row in more[:_EXAMPLES]]
    found.columns = sorted(differing)
    return found


def _example(
    key_name: str, key: Any, changed: Mapping[str, tuple[Any, Any]], *, is_missing: bool
) -> dict[str, Any]:
    """No text of a person: the values of a text are told by their length."""
    found: dict[str, Any] = {key_name: _cut(key)}
    if is_missing:
        return {**found, "only": "here"}
    return {**found, **{name: [_shown(value) for value in pair] for name, pair in changed.items()}}


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return value if statements.DIGESTED in value else f"a text of {len(value)} characters"
    return _cut(value)


def _cut(value: Any) -> str:
    return str(value)[:_CUT]


def _values(rows: Iterable[Row], kinds: Sequence[str]) -> list[Row]:
    readers = [_reader(kind) for kind in kinds]
    return [
        tuple(None if value is None else read(value) for read, value in zip(readers, row, strict=True))
        for row in rows
    ]


def _reader(kind: str) -> Callable[[Any], Any]:
    """What makes a column's values the same, whether the Data API tells them (as text, most of them) or DuckDB."""
    word = re.match(r"[a-z]+", kind)
    return _READERS.get(word.group() if word else "", str)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "bigint": int,
    "integer": int,
    "smallint": int,
    "boolean": bool,
    "decimal": lambda value: Decimal(str(value)),
    "double": lambda value: Decimal(f"{float(value):.9g}"),  # sums of floats depend on their order
    "timestamp": lambda value: datetime.fromisoformat(str(value)),
    "date": lambda value: str(value)[:10],
}
