"""The analytics of a run, read from the rows of `sql.statements.tell_analytics`. Pure functions.

analytics.json beside this file says what the tables and columns mean. `make docs` makes it from sql/rankings.py, which is not in the functions' zip.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from report.document import AnalyticsTable

_TABLES = Path(__file__).with_name("analytics.json")

_READ: Mapping[str, Callable[[str], Any]] = {
    "boolean": "true".__eq__,
    "date": str,
    "integer": int,
    "number": float,
    "text": str,
}


def tables(rows: Iterable[Mapping[str, Any]]) -> list[AnalyticsTable]:
    """Each table with its title, the names and descriptions of its columns, and those of its rows that were read, in their order.

    A row has table_name, line, and the texts value_1, value_2 and so on, as many as the widest table has columns.
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=itemgetter("line")):
        found.setdefault(row["table_name"], []).append(row)
    return [
        {
            "table": table["table"],
            "title": table["title"],
            "columns": [
                {"name": column["name"], "description": column["description"]} for column in table["columns"]
            ],
            "rows": [_values(row, table["columns"]) for row in found.get(table["table"], ())],
        }
        for table in _described()
    ]


@cache
def _described() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_TABLES.read_text(encoding="utf-8"))
    return found


def _values(row: Mapping[str, Any], columns: Iterable[Mapping[str, str]]) -> list[Any]:
    texts = ((row[f"value_{number}"], column["kind"]) for number, column in enumerate(columns, 1))
    return [None if text is None else _READ[kind](text) for text, kind in texts]
