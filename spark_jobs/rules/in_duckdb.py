"""The rules of `in_spark.py` in DuckDB: whole columns at a time, without an object for each value.

A test compares the two: they accept and reject the same rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
import pyarrow as pa

from catalog import VERSION, Column, Dataset, Type
from spark_jobs.accounting import FileTally
from spark_jobs.csv_files import BROKEN
from spark_jobs.packing import arrow_schema, database
from spark_jobs.reading import FILE_NUMBER
from spark_jobs.rules.grammar import (
    BEFORE_MONTH,
    BLANKS,
    DECIMAL,
    INTEGRAL,
    ISO,
    ISO_UTC,
    OFFSET,
    PLAIN_INTEGER,
    period,
)

_ODD_BLANK = r"[\p{Zl}\p{Zp}\p{Cc}\x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]"
_SHORT_DECIMAL = r"\d(\.\d{1,9})?"
_UNTIDY = rf"^ | $|  |{_ODD_BLANK}"


def name(of: str) -> str:
    """An identifier."""
    return f'"{of}"'


_ROW, _BAD = ":row", ":bad"
_COUNT = f"select {name(FILE_NUMBER)}, count(*), count(*) filter ({name(_BAD)}) from parsed group by all"
_BAD_INDEXES = f"select {name(_ROW)} from parsed where {name(_BAD)} order by all"


@dataclass(frozen=True)
class Cleaned:
    """`rows` have the dataset's columns: for each key all rows of the newest version read here."""

    rows: pa.Table
    tallies: list[FileTally]


class Cleaner:
    """Context manager that cleans one dataset's rows; `started` is the run's start time."""

    def __init__(self, dataset: Dataset, started: datetime) -> None:
        self._dataset = dataset
        self._texts = [column for column in dataset.columns if column.type is Type.TEXT]
        self._parse = _parse(dataset, started)
        self._newest = _newest(dataset)
        self._database = database()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def clean(self, rows: pa.Table) -> Cleaned:
        """Clean rows with the dataset's columns as text, BROKEN and FILE_NUMBER."""
        self._look_at(rows)
        counts = self._database.execute(_COUNT).fetchall()
        newest = self._database.execute(self._newest).to_arrow_table()
        kept = {
            entry["values"]: entry["counts"]
            for entry in newest.column(FILE_NUMBER).value_counts().to_pylist()
        }
        tallies = [
            FileTally(file_number=number, read=read, bad=bad, older=read - bad - kept.get(number, 0))
            for number, read, bad in counts
        ]
        return Cleaned(self._with_texts(newest, rows), tallies)

    def indexes_of_bad(self, rows: pa.Table) -> list[int]:
        """The indexes of the rows that break a rule."""
        self._look_at(rows)
        return [index for (index,) in self._database.execute(_BAD_INDEXES).fetchall()]

    def _look_at(self, rows: pa.Table) -> None:
        self._database.register("raw", rows)
        self._database.execute(self._parse)

    def _with_texts(self, newest: pa.Table, rows: pa.Table) -> pa.Table:
        """The values with their rows' texts. Texts are cleaned only here: most rows are older versions and are gone."""
        if self._texts:
            names = [column.name for column in self._texts]
            kept = np.zeros(rows.num_rows, bool)
            kept[newest.column(_ROW).to_numpy()] = True
            self._database.register("uncleaned", rows.select(names).filter(pa.array(kept)))
            texts = ", ".join(f"{text(column)} as {name(column.name)}" for column in self._texts)
            cleaned = self._database.execute(f"select {texts} from uncleaned").to_arrow_table()
            for column in names:
                newest = newest.append_column(column, cleaned.column(column))
        return newest.select(self._dataset.column_names).cast(arrow_schema(self._dataset.columns))


def numbered(rows: pa.Table, file_number: int) -> pa.Table:
    """The table with FILE_NUMBER, the same for all rows."""
    return rows.append_column(FILE_NUMBER, pa.repeat(pa.scalar(file_number, pa.int32()), rows.num_rows))


def _parse(dataset: Dataset, started: datetime) -> str:
    """A statement that makes `parsed`: index, file and values of each row of `raw`, and whether it breaks a rule."""
    values = [column for column in dataset.columns if column.type is not Type.TEXT]
    parsed = [f"{value(column)} as {_value_name(column.name)}" for column in values]
    bad = [is_bad(column, _value_name(column.name), started) for column in dataset.columns]
    kept = [name(_ROW), name(FILE_NUMBER), *(_value_name(column.name) for column in values)]
    return (
        f"create or replace temp table parsed as "
        f"select {', '.join(kept)}, {name(BROKEN)} or {' or '.join(bad)} as {name(_BAD)} "
        f"from (select *, row_number() over () - 1 as {name(_ROW)}, {', '.join(parsed)} from raw)"
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
        f"select {name(_ROW)}, {name(FILE_NUMBER)}, {', '.join(values)} from parsed "
        f"join (select {key} as k, max({version}) as v from parsed where not {name(_BAD)} group by all) "
        f"on {key} = k and {version} = v where not {name(_BAD)} order by {name(_ROW)}"
    )


def _value_name(column: str) -> str:
    return name(f"={column}")


def value(column: Column) -> str:
    """A text as a value of the column's type; NULL if it has another form."""
    return _of_text(_PARSERS[column.type], column)


def text(column: Column) -> str:
    """A text after clean-up; NULL if nothing is left, or if it is a spelling of NULL."""
    raw = name(column.name)
    tidy = f"case when regexp_matches({raw}, {_literal(_UNTIDY)}) then {_tidied(raw)} else {raw} end"
    nothing = ", ".join(map(_literal, ("", *column.missing)))
    return f"case when {tidy} not in ({nothing}) then {tidy} end"


def is_bad(column: Column, parsed: str, started: datetime) -> str:
    """Whether a rule is broken; `parsed` is the identifier of the column's parsed value. Texts have no parsed value."""
    return " or ".join(f"coalesce({rule}, false)" for rule in _rules(column, parsed, started))


def _rules(column: Column, parsed: str, started: datetime) -> Iterator[str]:
    # each as a CASE: DuckDB computes a branch only for the rows that need it, but both sides of an AND for all rows
    raw = name(column.name)
    if column.type is Type.TEXT:
        width = column.max_bytes
        yield f"case when strlen({raw}) > {width} then strlen({text(column)}) > {width} end"
        if column.required:
            yield f"{text(column)} is null"
        return
    if column.required:
        yield f"{parsed} is null"
    else:
        yield f"case when {parsed} is null and {raw} <> '' then {_tidied(raw)} <> '' end"
    if column.bounds and column.type is Type.RATING:
        limits = f"{column.minimum} and {column.maximum}"
        yield _of_text(lambda digits: _of_decimal(digits, f"{{}} not between {limits}"), column)
    elif column.bounds:
        yield f"{parsed} not between {column.minimum} and {column.maximum}"
    if column.type in (Type.TIMESTAMP, Type.OFFSET_TIMESTAMP):
        first, last = (f"timestamptz '{instant.isoformat()}'" for instant in period(column, started))
        yield f"{parsed} not between {first} and {last}"


def _of_text(expression: Callable[[str], str], column: Column) -> str:
    """An expression of the text, or else of the cleaned text: few texts need the second try."""
    raw = name(column.name)
    return f"coalesce({expression(raw)}, case when {raw} <> '' then {expression(_tidied(raw))} end)"


def _tidied(raw: str) -> str:
    return f"trim(regexp_replace({raw}, {_literal(BLANKS)}, ' ', 'g'))"


def _integer(raw: str, sql_type: str) -> str:
    return (
        f"case when {_is(PLAIN_INTEGER, raw)} then try_cast({raw} as {sql_type}) "
        f"when {_is(INTEGRAL, raw)} then try_cast(split_part({raw}, '.', 1) as {sql_type}) end"
    )


def _of_decimal(raw: str, expression: str) -> str:
    """An expression of the exact number: 64 bits suffice for most numbers, and 128 bits take twenty times as long."""
    short, long = (
        expression.format(f"try_cast({raw} as decimal({digits}))") for digits in ("18, 9", "38, 18")
    )
    return f"case when {_is(_SHORT_DECIMAL, raw)} then {short} when {_is(DECIMAL, raw)} then {long} end"


def _boolean(raw: str) -> str:
    return f"case when lower({raw}) in ('true', 't') then true when lower({raw}) in ('false', 'f') then false end"


def _timestamp(raw: str) -> str:
    # the cast to a timestamp ignores an offset; the cast to an instant takes three times as long
    of_utc = f"make_timestamptz(epoch_us(try_cast({raw} as timestamp)))"
    return (
        f"case when {_is(ISO_UTC, raw)} then {of_utc} "
        f"when {_is(ISO, raw)} then try_cast({raw} as timestamptz) end"
    )


def _offset_timestamp(raw: str) -> str:
    rest = f"substr({raw}, {BEFORE_MONTH + 1})"
    return f"case when {_is(OFFSET, raw)} then try_strptime({rest}, '%b %d %H:%M:%S %z %Y') else {_timestamp(raw)} end"


def _is(pattern: str, raw: str) -> str:
    return f"regexp_full_match({raw}, {_literal(pattern)})"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_PARSERS: dict[Type, Callable[[str], str]] = {
    Type.BIGINT: lambda raw: _integer(raw, "bigint"),
    Type.INTEGER: lambda raw: _integer(raw, "integer"),
    Type.RATING: lambda raw: _of_decimal(raw, "try_cast({} as decimal(3, 2))"),
    Type.BOOLEAN: _boolean,
    Type.TIMESTAMP: _timestamp,
    Type.OFFSET_TIMESTAMP: _offset_timestamp,
}
