"""Empties impossible values before a file is written.

The pipeline rejects a whole record for one value that breaks a rule of the catalog. It cannot know whether the file or the source is at fault,
but a tool that reads the source can: Goodreads has books of the year 20176 and reviews with -3 votes. So the tools apply the pipeline's own rules,
and a value that breaks a rule is emptied without the rest of its record.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import NoneType
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from catalog import Column, Dataset, Type
from spark_jobs.rules.grammar import period
from spark_jobs.rules.in_sql import is_bad, name, value

_SHOWN = 40  # characters of a value
_ROWS = 10_000


class Impossible(NamedTuple):
    """A text that breaks a rule of its column, and the number of its row (from 0)."""

    column: Column
    row: int
    text: str


@dataclass
class _Planned:
    """The hour that a statement was prepared for, and how many rows it has seen since."""

    hour: datetime
    rows: int = 0


class Rules:
    """The pipeline's rules, in a database in memory."""

    def __init__(self) -> None:
        self._database = duckdb.connect(config={"threads": 1})
        self._database.execute("set timezone = 'UTC'")
        self._planned: dict[str, _Planned] = {}

    def broken(self, dataset: Dataset, rows: pa.Table, now: datetime) -> list[Impossible]:
        """The values that the pipeline would reject; `rows` holds the dataset's columns as text.

        A date more than a day after the hour of `now` is impossible.
        """
        if not rows.num_rows:
            return []
        self._prepare(dataset, rows.num_rows, hour_of(now))
        # DuckDB finds the variable by its name; registered as a view, it would make DuckDB plan the statement again
        self._database.execute(f'insert into {name(dataset.name)} from "rows"')
        flags = self._database.execute(f"execute {name(dataset.name)}").to_arrow_table()
        self._database.execute(f"truncate {name(dataset.name)}")
        return [
            Impossible(column, row, rows[column.name][row].as_py() or "")
            for column in dataset.columns
            for row in pc.indices_nonzero(flags[column.name]).to_pylist()
        ]

    def possible(self, dataset: Dataset, rows: pa.Table, now: datetime, emptied: "Emptied") -> pa.Table:
        """The rows with every impossible value emptied and counted. The caller has checked keys and versions."""
        found = self.broken(dataset, rows, now)
        for each in found:
            emptied.add(f"{dataset.name}.{each.column.name}", each.text)
        return without(found, rows)

    def _prepare(self, dataset: Dataset, rows: int, hour: datetime) -> None:
        """Prepare the statement, once an hour or for some thousands of rows: preparing takes longer than running it for the rows of one review.

        A truncated table keeps its memory, so a table that had many rows is replaced.
        """
        planned = self._planned.get(dataset.name)
        if planned is None or planned.hour != hour or planned.rows >= _ROWS:
            columns = ", ".join(f"{name(column)} varchar" for column in dataset.column_names)
            self._database.execute(f"create or replace temp table {name(dataset.name)} ({columns})")
            self._database.execute(f"prepare {name(dataset.name)} as {_statement(dataset, hour)}")
            self._planned[dataset.name] = planned = _Planned(hour)
        planned.rows += rows


def possible_period(column: Column, now: datetime) -> tuple[datetime, datetime]:
    """The first and the last instant that `Rules` takes for a date in a source that is read at `now`."""
    return period(_of_the_past(column), hour_of(now))


def hour_of(moment: datetime) -> datetime:
    """The beginning of the moment's hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def without(found: Iterable[Impossible], rows: pa.Table) -> pa.Table:
    """The rows, with NULL instead of impossible texts."""
    by_column: dict[str, set[int]] = {}
    for each in found:
        by_column.setdefault(each.column.name, set()).add(each.row)
    for column, empty in by_column.items():
        texts = [None if row in empty else text for row, text in enumerate(rows[column].to_pylist())]
        rows = rows.set_column(rows.column_names.index(column), column, pa.array(texts, pa.string()))
    return rows


def text_table(dataset: Dataset, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """The rows as columns of text, with NULL for None and empty texts."""
    return pa.table({column: _texts([row[column] for row in rows]) for column in dataset.column_names})


def _texts(values: list[object]) -> pa.Array:
    """The values as texts. A column of one kind is the rule, and needs no look at the kind of each value."""
    kinds = set(map(type, values))
    if kinds == {NoneType}:
        return pa.nulls(len(values), pa.string())
    if kinds <= {str, NoneType}:
        return pa.array([value or None for value in values], pa.string())
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else str(value)


@dataclass
class Emptied:
    """How many values were emptied, by dataset and column, with the first value of each column unless values may be private."""

    counts: Counter[str] = field(default_factory=Counter)
    _first: dict[str, str] = field(default_factory=dict)
    shows_values: bool = True

    def add(self, column: str, text: str) -> None:
        """Count an emptied text; `column` is written like `books.num_pages`."""
        self.counts[column] += 1
        if self.shows_values:
            self._first.setdefault(column, text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")

    def __add__(self, other: "Emptied") -> "Emptied":
        return Emptied(
            self.counts + other.counts, other._first | self._first, self.shows_values and other.shows_values
        )

    def document(self) -> dict[str, dict[str, int | str | None]]:
        """By column: how many values were emptied, and the first of them, None if values may be private."""
        return {
            column: {"count": count, "first": self._first.get(column)}
            for column, count in sorted(self.counts.items())
        }

    def __str__(self) -> str:
        """Like `1 impossible value became empty: books.publication_year 1 ('20176')`; empty if there were none."""
        if not self.counts:
            return ""
        total = self.counts.total()
        what = "impossible value became" if total == 1 else "impossible values became"
        each = (
            f"{column} {count:,}" + (f" ({self._first[column]!r})" if self.shows_values else "")
            for column, count in sorted(self.counts.items())
        )
        return f"{total:,} {what} empty: {', '.join(each)}"


def _statement(dataset: Dataset, now: datetime) -> str:
    """A query on the dataset's table that says, for each row and column, whether the value breaks a rule."""
    columns = [_of_the_past(column) for column in dataset.columns]
    values = [
        f"{value(column)} as {_value_name(column)}" for column in columns if column.type is not Type.TEXT
    ]
    flags = [f"{is_bad(column, _value_name(column), now)} as {name(column.name)}" for column in columns]
    return f"select {', '.join(flags)} from (select *, {', '.join(values)} from {name(dataset.name)})"  # noqa: S608 - made of the catalog's names


def _of_the_past(column: Column) -> Column:
    """A date in a source lies in the past: the source was read after it."""
    return replace(column, past=True) if column.type is Type.OFFSET_TIMESTAMP else column


def _value_name(column: Column) -> str:
    return name(f"={column.name}")
