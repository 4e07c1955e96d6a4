"""The rules that a record has to keep, as DuckDB's SQL: expressions of a row's texts. `in_duckdb.py` applies them."""

from collections.abc import Callable, Iterator
from datetime import datetime

from catalog import Column, Type
from spark_jobs.rules.grammar import (
    BEFORE_MONTH,
    BLANK,
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


def value(column: Column) -> str:
    """A text as a value of the column's type; NULL if it has another form."""
    return _of_text(_PARSERS[column.type], column)


def text(column: Column) -> str:
    """A text after clean-up; NULL if nothing is left, or if it is a spelling of NULL."""
    raw = name(column.name)
    tidy = f"case when regexp_matches({raw}, {_literal(_UNTIDY)}) then {_tidied(raw)} else {raw} end"
    nothing = ", ".join(map(_literal, ("", *column.missing)))
    return f"case when {tidy} not in ({nothing}) then {tidy} end"


def is_bad(column: Column, parsed: str, started: datetime, *, is_plain: bool = False) -> str:
    """Whether a rule is broken; `parsed` is the identifier of the column's parsed value. Texts have no parsed value.

    `is_plain` says that each text has the plainest form of its type. Empty if no such text can break a rule.
    """
    rules = _rules_of_plain(column, parsed, started) if is_plain else _rules(column, parsed, started)
    return " or ".join(f"coalesce({condition}, false)" for _, condition in rules)


def broken_rule(column: Column, parsed: str, started: datetime) -> str:
    """The first rule that is broken: `type`, `required`, `range` or `too_long`; NULL for a good value."""
    branches = (
        f"when {condition} then {_literal(rule)}" for rule, condition in _rules(column, parsed, started)
    )
    return f"case {' '.join(branches)} end"


def _rules(column: Column, parsed: str, started: datetime) -> Iterator[tuple[str, str]]:
    """Each rule with the condition that breaks it."""
    # each as a CASE: DuckDB computes a branch only for the rows that need it, but both sides of an AND for all rows
    raw = name(column.name)
    if column.type is Type.TEXT:
        width = column.max_bytes
        if column.required:
            yield "required", f"{text(column)} is null"
        yield "too_long", f"case when strlen({raw}) > {width} then strlen({text(column)}) > {width} end"
        return
    if column.type is Type.RATING and column.bounds:  # a number far out of bounds has no parsed value
        limits = f"{column.minimum} and {column.maximum}"
        yield "range", _of_text(lambda digits: _of_decimal(digits, f"{{}} not between {limits}"), column)
    yield "type", f"case when {parsed} is null and {raw} <> '' then {_tidied(raw)} <> '' end"
    yield from _rules_of_values(column, parsed, started, has_bounds=column.type is not Type.RATING)


def _rules_of_plain(column: Column, parsed: str, started: datetime) -> Iterator[tuple[str, str]]:
    """The rules that plain texts can break. A plain rating is exact, so it tells itself whether it is out of bounds."""
    return _rules_of_values(column, parsed, started, has_bounds=True)


def _rules_of_values(
    column: Column, parsed: str, started: datetime, *, has_bounds: bool
) -> Iterator[tuple[str, str]]:
    if column.required:
        yield "required", f"{parsed} is null"
    if column.bounds and has_bounds:
        yield "range", f"{parsed} not between {column.minimum} and {column.maximum}"
    if column.type in (Type.TIMESTAMP, Type.OFFSET_TIMESTAMP):
        first, last = (f"timestamptz '{instant.isoformat()}'" for instant in period(column, started))
        yield "range", f"{parsed} not between {first} and {last}"


def _of_text(expression: Callable[[str], str], column: Column) -> str:
    """An expression of the text, or else of the cleaned text: few texts need the second try."""
    raw = name(column.name)
    return f"coalesce({expression(raw)}, case when {raw} <> '' then {expression(_tidied(raw))} end)"


def _tidied(raw: str) -> str:
    # a space between words stays as it is: a match for each would take twice as long
    return f"trim(regexp_replace({raw}, {_literal(f'{BLANK}{{2,}}|{_ODD_BLANK}')}, ' ', 'g'))"


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
