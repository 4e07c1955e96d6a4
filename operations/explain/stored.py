"""What the warehouse itself knows of a record: its row, the ledger, who was forgotten, the rankings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from catalog import PUBLISHED_BY, Dataset
from operations.explain.history import Version
from operations.forget.subject import Subject
from operations.rebuild.archive import PublishedFile
from operations.warehouse import Result
from sql import explaining, statements
from sql.rankings import Table

Ask = Callable[[str, Mapping[str, str]], Result]
"""Runs one query with these parameters."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """The version that the warehouse holds; `run_id` is None for a row from before rows named their runs."""

    run_id: str | None
    version: Version


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """When a record was forgotten, and since when it is left out of later deliveries."""

    at: datetime | None
    left_out_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A record in one ranking: its place, None if it is in none, and its figures; `last` is the last place with its figures."""

    table: str
    place: int | None
    figures: Mapping[str, Any]
    last_place: int | None
    last_figures: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """The window of the rankings, what its reviews say of the record, and where the record stands in each table."""

    window_start: datetime
    window_end: datetime
    reviews: int
    reviews_in_window: int
    ratings_in_window: int
    standings: tuple[Standing, ...]


class Stored:
    """Asks the tables that there are; an older deployment lacks some."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    @cached_property
    def tables(self) -> Mapping[str, set[str]]:
        """The columns of each table."""
        found: dict[str, set[str]] = {}
        for table, column in self._rows(explaining.columns()):
            found.setdefault(table, set()).add(column)
        return found

    def row_of(self, subject: Subject) -> Row | None:
        """The record's row in the warehouse."""
        dataset = subject.dataset
        names_its_run = PUBLISHED_BY.name in self.tables[dataset.name]
        rows = self._rows(explaining.row(dataset, names_its_run=names_its_run), id=str(subject.key))
        if not rows:
            return None
        run, captured, record_hash = rows[0]
        return Row(run_id=run, version=Version(_instant(captured), record_hash))

    def values_of(self, subject: Subject, names: Sequence[str]) -> Sequence[Any] | None:
        """What the record's row says in these columns; None if the warehouse has no row."""
        rows = self._rows(explaining.columns_of_row(subject.dataset, names), id=str(subject.key))
        return rows[0] if rows else None

    def runs(self, dataset: Dataset) -> dict[str, datetime]:
        """The runs that the ledger has for the dataset, in their order, and when each was published."""
        return {run: _instant(published) for run, published in self._rows(explaining.runs(dataset))}

    def files(self, dataset: Dataset) -> list[PublishedFile]:
        """The files whose rows make up the dataset's table."""
        return [PublishedFile(*row) for row in self._rows(statements.files_of(dataset))]

    def forgotten(self, hashed: str) -> Forgotten | None:
        """When the record of that hash was forgotten; None if it was not."""
        ((at, since),) = self._rows(explaining.forgotten(), subject=hashed)
        if at is None and since is None:
            return None
        return Forgotten(at=_instant(at) if at else None, left_out_since=_instant(since) if since else None)

    def ranked(self, subject: Subject) -> Ranked | None:
        """Where the record stands in each ranking; None if its kind is not ranked, or nothing has been ranked yet."""
        ranking = explaining.ranking_of(subject.dataset)
        if ranking is None:
            return None
        rows = self._rows(explaining.measured(ranking), id=str(subject.key))
        if not rows:
            return None
        start, end, *counts = rows[0]
        tables = [table for table in ranking.tables if table.has_places and table.name in self.tables]
        return Ranked(
            window_start=_instant(start),
            window_end=_instant(end),
            reviews=counts[0],
            reviews_in_window=counts[1],
            ratings_in_window=counts[2],
            standings=tuple(self._standing(subject, table) for table in tables),
        )

    def _standing(self, subject: Subject, table: Table) -> Standing:
        names, rows = self._ask(explaining.place(table), {"id": str(subject.key)})
        entries = [dict(zip(names, row, strict=True)) for row in rows]
        own = next((entry for entry in entries if entry[table.key] == subject.key), None)
        last = entries[-1] if entries else None
        return Standing(
            table=table.name,
            place=own["place"] if own else None,
            figures=_figures(subject.dataset, own),
            last_place=last["place"] if last else None,
            last_figures=_figures(subject.dataset, last),
        )

    def _rows(self, sql: str, **parameters: str) -> list[tuple[Any, ...]]:
        return self._ask(sql, parameters)[1]


def _figures(dataset: Dataset, entry: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the ranking adds to the record's own columns."""
    own = {"place", *dataset.column_names}
    return {name: value for name, value in (entry or {}).items() if name not in own}


def _instant(text: str) -> datetime:
    """From Redshift's text of a timestamp, which is in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
