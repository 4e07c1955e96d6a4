"""Raw text to typed values and broken rules, as column expressions: no Python runs per row.

This file defines the rules and explains rejects; `in_duckdb.py` applies the same rules to whole files, many times
faster. `grammar.py` has the forms of the values.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DecimalType

from catalog import Column as CatalogColumn
from catalog import Dataset, Type
from spark_jobs.reading import FAULT, decoded, is_not_utf8, text_of
from spark_jobs.rules.grammar import BEFORE_MONTH, BLANKS, DECIMAL, INTEGRAL, ISO, OFFSET, period
from spark_jobs.schema import SPARK_TYPES

_NOT_PRINTABLE = r"[^ -~]"
_ODD_BLANK = r"[[^ -~]&&[\p{Z}\p{Cc}]]"  # printable ASCII comes first: most characters are
_TIDY = ":tidy"


def clean_rows(raw: DataFrame, dataset: Dataset, *, started: datetime) -> DataFrame:
    """Raw text in; for each catalog column its typed value, and its `rule_name`: the rule that it breaks, else NULL.

    Raw text has one character per byte. `started` is the run's start time: no record can be from a later day. Other
    columns pass through.
    """
    others = [name for name in raw.columns if name not in dataset.column_names]
    columns = dataset.columns
    texts = [column for column in columns if column.type is Type.TEXT]
    values = [column for column in columns if column.type is not Type.TEXT]
    # separate steps: Spark computes an expression that a step uses twice only once if an earlier step made it
    looked_at = raw.select(
        "*",
        _is_tidy_row(texts).alias(_TIDY),
        *(parse(c, F.col(c.name)).alias(_early_name(c)) for c in values),
    )
    split = looked_at.select("*", *(_decoded(c).alias(_decoded_name(c)) for c in texts))
    cleaned = split.select(
        *others,
        *(_early_name(c) for c in values),
        *(clean_text(c).alias(_text_name(c)) for c in columns),
        *(_is_not_utf8(c).alias(_bytes_name(c)) for c in texts),
    )
    parsed = cleaned.select("*", *(_parsed(c).alias(_parsed_name(c)) for c in columns))
    return parsed.select(
        *others,
        *(F.col(_parsed_name(c)).cast(SPARK_TYPES[c.type]).alias(c.name) for c in columns),
        *(broken_rule(c, started).alias(rule_name(c)) for c in columns),
    )


def is_rejected(dataset: Dataset) -> Column:
    """Whether a row of `clean_rows` breaks any rule."""
    return F.coalesce(FAULT, *(rule_name(column) for column in dataset.columns)).isNotNull()


def rule_name(column: CatalogColumn) -> str:
    return f":rule:{column.name}"


def clean_text(column: CatalogColumn) -> Column:
    """White space and control characters as single spaces, none at the ends; perhaps nothing is left.

    Only for texts and for values that could not be parsed as they are; NULL for the others.
    """
    raw = F.col(column.name)
    if column.type is not Type.TEXT:
        # decoded only here: the raw bytes of every odd blank look like a blank
        return F.when(F.col(_early_name(column)).isNull(), _tidied(text_of(raw)))
    return F.when(F.col(_TIDY), raw).otherwise(_tidied(F.coalesce(_decoded_name(column), raw)))


def parse(column: CatalogColumn, text: Column) -> Column:
    """Text as a value of the column's type, ratings with all their digits; NULL if it has another form."""
    return _PARSERS[column.type](text)


def broken_rule(column: CatalogColumn, started: datetime) -> Column:
    """The broken rule: `encoding` (only texts), `required`, `type`, `range` or `too_long`; NULL for a good value."""
    text, value = F.col(_text_name(column)), F.col(_parsed_name(column))
    if column.type is Type.TEXT:
        broken = F.when(F.col(_bytes_name(column)), "encoding")
    else:
        broken = F.when((text != "") & value.isNull(), "type")
    if column.required:
        broken = broken.when(value.isNull(), "required")
    if column.bounds:
        broken = broken.when(~value.between(*column.bounds), "range")
    if column.type in (Type.TIMESTAMP, Type.OFFSET_TIMESTAMP):
        broken = broken.when(~value.between(*map(F.lit, period(column, started))), "range")
    if column.max_bytes:
        broken = broken.when(F.octet_length(value) > column.max_bytes, "too_long")
    return broken


def _is_tidy_row(texts: Sequence[CatalogColumn]) -> Column:
    """Whether all texts of a row are printable ASCII without superfluous spaces; most rows are.

    One check of the joined texts costs much less than one check each. The joining space turns a leading or trailing
    space into a double space.
    """
    row = F.concat_ws(" ", F.lit(""), *(F.col(column.name) for column in texts), F.lit(""))
    return ~(row.contains("  ") | row.rlike(_NOT_PRINTABLE))


def _tidied(text: Column) -> Column:
    # a check is much cheaper than a rewrite
    untidy = text.rlike(_ODD_BLANK) | text.contains("  ") | text.startswith(" ") | text.endswith(" ")
    return F.when(untidy, F.trim(F.regexp_replace(text, BLANKS, " "))).otherwise(text)


def _parsed(column: CatalogColumn) -> Column:
    """The value of the text, or else of the tidied text: few texts need the second try."""
    text = F.col(_text_name(column))
    if column.type is Type.TEXT:
        return F.when(~text.isin("", *column.missing), text)
    return F.coalesce(_early_name(column), parse(column, text))


def _decoded(column: CatalogColumn) -> Column:
    return F.when(~F.col(_TIDY), decoded(F.col(column.name)))


def _is_not_utf8(column: CatalogColumn) -> Column:
    return is_not_utf8(F.col(column.name), F.col(_decoded_name(column)))


def _integer(text: Column, spark_type: str) -> Column:
    # a cast alone would cut 12.5 to 12
    return F.when(~text.contains(".") | _is(INTEGRAL, text), text.cast(spark_type))


def _boolean(text: Column) -> Column:
    word = F.lower(text)
    return F.when(word.isin("true", "t"), F.lit(True)).when(word.isin("false", "f"), F.lit(False))


def _timestamp(text: Column) -> Column:
    # a cast alone would read 2020 as a date and 21:38 as a time of today
    return F.when(_is(ISO, text), text.cast("timestamp"))


def _offset_timestamp(text: Column) -> Column:
    # Spark 3 cannot parse weekday names
    rest = F.substring(text, BEFORE_MONTH + 1, 64)
    written = F.when(_is(OFFSET, text), F.to_timestamp(rest, "MMM d HH:mm:ss Z yyyy"))
    return written.otherwise(_timestamp(text))


def _rating(text: Column) -> Column:
    return F.when(_is(DECIMAL, text), text.cast(DecimalType(38, 18)))


def _is(pattern: str, text: Column) -> Column:
    return text.rlike(f"^({pattern})$")


_PARSERS: dict[Type, Callable[[Column], Column]] = {
    Type.BIGINT: lambda text: _integer(text, "bigint"),
    Type.INTEGER: lambda text: _integer(text, "int"),
    Type.RATING: _rating,
    Type.BOOLEAN: _boolean,
    Type.TIMESTAMP: _timestamp,
    Type.OFFSET_TIMESTAMP: _offset_timestamp,
}


def _early_name(column: CatalogColumn) -> str:
    return f":early:{column.name}"


def _text_name(column: CatalogColumn) -> str:
    return f":text:{column.name}"


def _decoded_name(column: CatalogColumn) -> str:
    return f":decoded:{column.name}"


def _bytes_name(column: CatalogColumn) -> str:
    return f":not_utf8:{column.name}"


def _parsed_name(column: CatalogColumn) -> str:
    return f":parsed:{column.name}"
