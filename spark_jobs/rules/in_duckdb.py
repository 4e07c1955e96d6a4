"""Applies the rules in DuckDB: whole columns at a time, without an object for each value. `in_sql.py` has the expressions."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog import VERSION, Column, Dataset, Type
from spark_jobs.accounting import RangeTally
from spark_jobs.csv_reader import BROKEN
from spark_jobs.packing import database
from spark_jobs.rules.in_sql import broken_rule, is_bad, name, text, value
from spark_jobs.rules.plain import plain_values
from spark_jobs.rules.untidy import may_change
from spark_jobs.schema import arrow_schema

RANGE = ":range"
"""The index of a row's range."""

_ROW, _BAD, _VALUE = ":row", ":bad", "={}"
_COUNT = f"select {name(RANGE)}, count(*), count(*) filter ({name(_BAD)}) from parsed group by all"
_BAD_INDEXES = f"select {name(_ROW)} from parsed where {name(_BAD)} order by all"


@dataclass(frozen=True)
class Cleaned:
    """`rows` have the dataset's columns: for each key all rows of the newest version read here."""

    rows: pa.Table
    tallies: list[RangeTally]


class Cleaner:
    """Context manager that cleans one dataset's rows; `started` is the run's start time."""

    def __init__(self, dataset: Dataset, started: datetime) -> None:
        self._dataset = dataset
        self._texts = [column for column in dataset.columns if column.type is Type.TEXT]
        self._started = started
        self._broken = _broken(dataset, started)
        self._newest = _newest(dataset)
        self._database = database()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def clean(self, rows: pa.Table) -> Cleaned:
        """Clean rows with the dataset's columns as text, BROKEN and RANGE."""
        self._look_at(rows)
        counts = self._database.execute(_COUNT).fetchall()
        newest = self._database.execute(self._newest).to_arrow_table()
        kept = {entry["values"]: entry["counts"] for entry in newest.column(RANGE).value_counts().to_pylist()}
        tallies = [
            RangeTally(range=number, read=read, bad=bad, older=read - bad - kept.get(number, 0))
            for number, read, bad in counts
        ]
        return Cleaned(self._with_texts(newest, rows), tallies)

    def indexes_of_bad(self, rows: pa.Table) -> list[int]:
        """The indexes of the rows that break a rule."""
        self._look_at(rows)
        return [index for (index,) in self._database.execute(_BAD_INDEXES).fetchall()]

    def broken_rules(self, rows: pa.Table) -> list[dict[str, str]]:
        """The rule that each value breaks, by column, for each of the rows."""
        self._look_at(rows)
        columns = self._dataset.column_names
        broken = self._database.execute(self._broken).fetchall()
        return [
            {column: rule for column, rule in zip(columns, rules, strict=True) if rule} for rules in broken
        ]

    def _look_at(self, rows: pa.Table) -> None:
        plain = set[str]()
        for column in self._dataset.columns:
            if column.type is Type.TEXT:
                continue
            values = plain_values(rows.column(column.name).combine_chunks(), column.type)
            if values is not None:
                plain.add(column.name)
                rows = rows.append_column(_VALUE.format(column.name), values)
        self._database.register("raw", rows)
        self._database.execute(_parse(self._dataset, self._started, frozenset(plain)))

    def _with_texts(self, newest: pa.Table, rows: pa.Table) -> pa.Table:
        """The values with their rows' texts. Texts are cleaned only here: most rows are older versions and are gone."""
        kept = np.zeros(rows.num_rows, bool)
        kept[newest.column(_ROW).to_numpy()] = True
        for column in self._texts:
            raw = rows.column(column.name).filter(pa.array(kept)).combine_chunks()
            newest = newest.append_column(column.name, self._tidied(raw, column))
        return newest.select(self._dataset.column_names).cast(arrow_schema(self._dataset.columns))

    def _tidied(self, raw: pa.StringArray, column: Column) -> pa.StringArray:
        """Texts after clean-up; NULL for those of which nothing is left."""
        empty = pc.equal(pc.binary_length(raw), 0)
        tidy = pc.if_else(empty, None, raw) if pc.any(empty).as_py() else raw
        mask = pa.array(may_change(raw, column.missing))
        if not pc.any(mask).as_py():
            return tidy
        self._database.register("untidy", pa.table([raw.filter(mask)], names=[column.name]))
        changed = self._database.execute(f"select {text(column)} from untidy").to_arrow_table()
        return pc.replace_with_mask(tidy, mask, changed.column(0).combine_chunks().cast(pa.string()))


def numbered(rows: pa.Table, index: int) -> pa.Table:
    """The table with RANGE, the same for all rows."""
    return rows.append_column(RANGE, pa.repeat(pa.scalar(index, pa.int32()), rows.num_rows))


@cache
def _parse(dataset: Dataset, started: datetime, plain: frozenset[str]) -> str:
    """A statement that makes `parsed`: index, file and values of each row of `raw`, and whether it breaks a rule.

    `raw` has the values of the `plain` columns already.
    """
    values = [column for column in dataset.columns if column.type is not Type.TEXT]
    parsed = [
        f", {value(column)} as {_value_name(column.name)}" for column in values if column.name not in plain
    ]
    bad = [
        is_bad(column, _value_name(column.name), started, is_plain=column.name in plain)
        for column in dataset.columns
    ]
    kept = [name(_ROW), name(RANGE), *(_value_name(column.name) for column in values)]
    return (
        f"create or replace temp table parsed as "
        f"select {', '.join(kept)}, {' or '.join([name(BROKEN), *filter(None, bad)])} as {name(_BAD)} "
        f"from (select *, row_number() over () - 1 as {name(_ROW)}{''.join(parsed)} from raw)"
    )


def _broken(dataset: Dataset, started: datetime) -> str:
    """A query for the broken rule of each column; it needs `parsed`, and in `raw` the same rows."""
    rules = (
        f"{broken_rule(column, f'parsed.{_value_name(column.name)}', started)} as {name(f':{column.name}')}"
        for column in dataset.columns
    )
    return (
        f"select {', '.join(rules)} from (select *, row_number() over () - 1 as {name(_ROW)} from raw) "
        f"join parsed using ({name(_ROW)}) order by {name(_ROW)}"
    )


def _newest(dataset: Dataset) -> str:
    """A query of `parsed` for the good rows of each key's newest version, in order."""
    values = [
        f"{_value_name(column.name)} as {name(column.name)}"
        for column in dataset.columns
        if column.type is not Type.TEXT
    ]
    key, version = _value_name(dataset.key), _value_name(VERSION.name)
    return (
        f"select {name(_ROW)}, {name(RANGE)}, {', '.join(values)} from parsed "
        f"join (select {key} as k, max({version}) as v from parsed where not {name(_BAD)} group by all) "
        f"on {key} = k and {version} = v where not {name(_BAD)} order by {name(_ROW)}"
    )


def _value_name(column: str) -> str:
    return name(_VALUE.format(column))
