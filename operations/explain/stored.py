"""What the warehouse itself knows of a record: its row, the ledger, who was forgotten, the rankings and the flags."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from catalog import AUTHORS, BOOKS, PUBLISHED_BY, REVIEWS, USERS, Dataset
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
class Flag:
    """A record and one table of flags: the figures of the record's row, None if the table does not name the record.

    The record has the `id` in the column `key`. It is the one that is explained, or the book or user of a review that is explained.
    """

    table: str
    key: str
    id: int
    figures: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """The window of the analytics, how many of the record's reviews lie in it, where the record stands in each ranking, and its flags.

    A review is in no ranking; its flags are those of its book and its user.
    """

    window_start: datetime
    window_end: datetime
    reviews: int
    reviews_in_window: int
    ratings_in_window: int
    standings: tuple[Standing, ...]
    flags: tuple[Flag, ...]


class Stored:
    """Asks the tables that there are; an older deployment lacks some."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    @cached_property
    def tables(self) -> Mapping[str, set[str]]:
        """The columns of each table, by its name with the schema before it."""
        found: dict[str, set[str]] = {}
        for schema, table, column in self._rows(explaining.columns()):
            found.setdefault(f"{schema}.{table}", set()).add(column)
        return found

    def row_of(self, subject: Subject) -> Row | None:
        """The record's row in the warehouse."""
        dataset = subject.dataset
        names_its_run = PUBLISHED_BY.name in self.tables[f"goodreads_warehouse.{dataset.name}"]
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

    def flaggable(self, subject: Subject) -> list[Subject]:
        """The records whose flags are told: the record itself; of a review its author, book and user, as far as its row names them."""
        if subject.dataset != REVIEWS:
            return [subject]
        datasets = (AUTHORS, BOOKS, USERS)
        values = self.values_of(subject, [dataset.key for dataset in datasets]) or [None] * len(datasets)
        named = zip(datasets, values, strict=True)
        return [Subject(dataset, value) for dataset, value in named if value is not None]

    def ranked(self, subject: Subject, flaggable: Sequence[Subject], schema: str) -> Ranked | None:
        """Where the record stands in each ranking of the schema, and which flags name one of `flaggable`; None if there is no such table yet."""
        rankings = self._existing(explaining.rankings_of(subject.dataset), schema)
        flags = [
            (each, table)
            for each in flaggable
            for table in self._existing(explaining.flags_of(each.dataset), schema)
        ]
        if not rankings and not flags:
            return None
        rows = self._rows(explaining.measured(subject.dataset, schema), id=str(subject.key))
        if not rows:
            return None
        start, end, *counts = rows[0]
        return Ranked(
            window_start=_instant(start),
            window_end=_instant(end),
            reviews=counts[0],
            reviews_in_window=counts[1],
            ratings_in_window=counts[2],
            standings=tuple(self._standing(subject, table, schema) for table in rankings),
            flags=tuple(self._flag(each, table, schema) for each, table in flags),
        )

    def _existing(self, tables: Sequence[Table], schema: str) -> list[Table]:
        return [table for table in tables if f"{schema}.{table.name}" in self.tables]

    def _standing(self, subject: Subject, table: Table, schema: str) -> Standing:
        names, rows = self._ask(explaining.place(table, schema), {"id": str(subject.key)})
        entries = [dict(zip(names, row, strict=True)) for row in rows]
        own = next((entry for entry in entries if entry[table.key] == subject.key), None)
        last = entries[-1] if entries else None
        return Standing(
            table=table.name,
            place=own["place"] if own else None,
            figures=figures(subject.dataset, table, own),
            last_place=last["place"] if last else None,
            last_figures=figures(subject.dataset, table, last),
        )

    def _flag(self, flaggable: Subject, table: Table, schema: str) -> Flag:
        names, rows = self._ask(explaining.flag(table, schema), {"id": str(flaggable.key)})
        row = dict(zip(names, rows[0], strict=True)) if rows else None
        return Flag(
            table=table.name,
            key=table.key,
            id=flaggable.key,
            figures=figures(flaggable.dataset, table, row) if row else None,
        )

    def _rows(self, sql: str, **parameters: str) -> list[tuple[Any, ...]]:
        return self._ask(sql, parameters)[1]


def figures(dataset: Dataset, table: Table, entry: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the table says of the record, without its place and its name.

    A table that copies the whole record adds its last columns. In any other table a number is a figure, also under the name of a column of
    the record: `rating_count` of an author counts ratings on Goodreads, that of a ranking counts reviews.
    """
    if set(dataset.column_names) <= table.definitions.keys():
        own = set(dataset.column_names)
    else:
        texts = {column.name for column in table.columns if column.kind == "text"}
        own = {table.key, *texts.intersection(dataset.column_names)}
    return {name: value for name, value in (entry or {}).items() if name not in {"place", *own}}


def _instant(text: str) -> datetime:
    """From Redshift's text of a timestamp, which is in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
