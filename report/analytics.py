"""The analytics of a run, read from the rows of `sql.statements.tell_analytics`. Pure functions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from report.document import AnalyticsTable

_READ: Mapping[str, Callable[[str], Any]] = {
    "boolean": "true".__eq__,
    "date": str,
    "integer": int,
    "number": float,
    "text": str,
}


def tables(rows: Iterable[Mapping[str, Any]]) -> list[AnalyticsTable]:
    """Each table with its title, the names and descriptions of its columns, and its first rows in their order.

    A row has table_number, table_name, title, line, and the texts value_1, value_2 and so on. Before a table's own rows come three that hold
    the columns' names, kinds and descriptions.
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=itemgetter("table_number", "line")):
        found.setdefault(row["table_name"], []).append(row)
    return [_table(name, each) for name, each in found.items()]


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> AnalyticsTable:
    names, kinds, descriptions, *values = [_values(row) for row in rows]
    described = [
        (column, kind, description)
        for column, kind, description in zip(names, kinds, descriptions, strict=True)
        if column is not None and kind is not None
    ]
    return {
        "table": name,
        "title": rows[0]["title"],
        "columns": [{"name": column, "description": description} for column, _, description in described],
        "rows": [
            [
                None if value is None else _READ[kind](value)
                for value, (_, kind, _) in zip(line, described, strict=False)
            ]
            for line in values
        ],
    }


def _values(row: Mapping[str, Any]) -> list[str | None]:
    """The texts of a row in their order; a table with fewer columns than the widest one ends with None."""
    numbered = (
        (int(key.removeprefix("value_")), value) for key, value in row.items() if key.startswith("value_")
    )
    return [value for _, value in sorted(numbered, key=itemgetter(0))]
