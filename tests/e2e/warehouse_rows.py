"""Rows of the warehouse beside rows that a plain reading found: all columns of the catalog, with values of the same types."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from catalog import Dataset, Type
from local_cloud.state import StateFolder
from operations.query import query_here

Rows = dict[int, dict[str, Any]]
"""Rows by key; each has its values by column."""

_DATES = ("%a %b %d %H:%M:%S %z %Y", "%Y-%m-%d %H:%M:%S")


def warehouse_rows(state: StateFolder, dataset: Dataset, without: Iterable[str] = ()) -> Rows:
    """The rows of a table, with all columns of the dataset but those of `without`. Fails if a key is there twice."""
    columns = [name for name in dataset.column_names if name not in without]
    found = query_here(state, f"select {', '.join(columns)} from goodreads_warehouse.{dataset.name}")[1]
    rows = [dict(zip(columns, values, strict=True)) for values in found]
    by_key = {row[dataset.key]: row for row in rows}
    assert len(by_key) == len(rows)
    return by_key


def typed_rows(dataset: Dataset, texts: Iterable[Mapping[str, str]], without: Iterable[str] = ()) -> Rows:
    """The same for rows of texts: a text that is empty, or whose column is missing, is NULL. Of rows with one key the last one counts."""
    rows = [
        {
            column.name: _typed(column.type, row.get(column.name, ""))
            for column in dataset.columns
            if column.name not in without
        }
        for row in texts
    ]
    return {row[dataset.key]: row for row in rows}


def _typed(kind: Type, text: str) -> Any:
    if not text:
        return None
    match kind:
        case Type.TEXT:
            return text
        case Type.INTEGER | Type.BIGINT:
            return int(text)
        case Type.RATING:
            return Decimal(text)
        case Type.BOOLEAN:
            return text == "true"
        case _:
            return _moment(text)


def _moment(text: str) -> datetime:
    """In UTC and without a zone, as the warehouse has it."""
    weekday_first = text[0].isalpha()
    found = datetime.strptime(text, _DATES[0] if weekday_first else _DATES[1])  # noqa: DTZ007 - the second form is UTC
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
