"""Raw text to typed values and broken rules, as column expressions: no Python runs per row.

What a value may look like, after clean-up:

- integers: `12`, `-3`, and the `12.0` that pandas makes of a column with gaps; `12.5` is not one
- ratings: a decimal number; its bounds are checked first, then it is rounded half up to two places
- flags: `true` or `false` in any case
- timestamps: `2020-02-19 21:38:16`, with up to nine digits of fraction (cut to microseconds), with `T` for the
  space, and with `Z` or an offset like `+01:00`; without a zone they are UTC
- offset timestamps: `Wed Feb 19 18:36:17 -0800 2020`; the weekday is not compared with the date

Both kinds of timestamps have to be within the catalog's years.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DecimalType

from catalog import VERSION, Dataset, Type
from catalog import Column as CatalogColumn
from catalog.model import FIRST_YEAR, YEAR_AFTER_LAST
from spark_jobs.encoding import decoded, is_not_utf8, text_of
from spark_jobs.reading import FAULT
from spark_jobs.schema import SPARK_TYPES

_BLANKS = r"[\p{Z}\p{Cc}]+"
_ODD_BLANK = r"[[^ -~]&&[\p{Z}\p{Cc}]]"  # tests for printable ASCII first: most characters are
_INTEGRAL = r"^[+-]?\d+\.0*$"
_ISO = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$"
_WEEKDAY = r"^[A-Z][a-z]{2} "


def clean_rows(raw: DataFrame, dataset: Dataset, *, started: datetime) -> DataFrame:
    """Raw text in, per catalog column its typed value and its `rule_name`: the rule it breaks, else NULL.

    Raw text has one character per byte. `started` is when the run did: no record can be from the days after.
    Other columns pass through.
    """
    others = [name for name in raw.columns if name not in dataset.column_names]
    columns, texts = dataset.columns, [column for column in dataset.columns if column.type is Type.TEXT]
    # one step each: Spark computes what a step uses twice only once if it comes out of the step before
    split = raw.select("*", *(decoded(F.col(column.name)).alias(_decoded_name(column)) for column in texts))
    cleaned = split.select(
        *others,
        *(clean_text(column).alias(_text_name(column)) for column in columns),
        *(_is_not_utf8(column).alias(_bytes_name(column)) for column in texts),
    )
    parsed = cleaned.select("*", *(parse(column).alias(_parsed_name(column)) for column in columns))
    return parsed.select(
        *others,
        *(
            F.col(_parsed_name(column)).cast(SPARK_TYPES[column.type]).alias(column.name)
            for column in columns
        ),
        *(broken_rule(column, started).alias(rule_name(column)) for column in columns),
    )


def is_rejected(dataset: Dataset) -> Column:
    """Whether a row of `clean_rows` breaks any rule."""
    return F.coalesce(FAULT, *(rule_name(column) for column in dataset.columns)).isNotNull()


def rule_name(column: CatalogColumn) -> str:
    return f":rule:{column.name}"


def clean_text(column: CatalogColumn) -> Column:
    """Every run of white space and control characters as one space, none at the ends, nothing as NULL."""
    raw = F.col(column.name)
    is_text = column.type is Type.TEXT
    text = F.coalesce(_decoded_name(column), raw) if is_text else raw
    # most values are tidy, and looking is much cheaper than rewriting
    untidy = text.rlike(_ODD_BLANK) | text.contains("  ") | text.startswith(" ") | text.endswith(" ")
    # numbers are decoded only here: the bytes of every odd blank look like one
    tidy = F.when(
        untidy, F.trim(F.regexp_replace(text if is_text else text_of(raw), _BLANKS, " "))
    ).otherwise(text)
    return F.when(~tidy.isin("", *column.missing), tidy)


def parse(column: CatalogColumn) -> Column:
    """The cleaned text as a value of the column's type, ratings with all their digits; NULL if it is none."""
    return _PARSERS[column.type](F.col(_text_name(column)))


def broken_rule(column: CatalogColumn, started: datetime) -> Column:
    """`encoding` (of texts), `required`, `type`, `range` or `too_long`; NULL if the value is fine."""
    text, value = F.col(_text_name(column)), F.col(_parsed_name(column))
    broken = F.when(text.isNotNull() & value.isNull(), "type")
    if column.type is Type.TEXT:
        broken = broken.when(F.col(_bytes_name(column)), "encoding")
    if column.required:
        broken = broken.when(text.isNull(), "required")
    if column.bounds:
        broken = broken.when(~value.between(*column.bounds), "range")
    if column.type in (Type.TIMESTAMP, Type.OFFSET_TIMESTAMP):
        broken = broken.when(~_is_in_time(column, value, started), "range")
    if column.max_bytes:
        broken = broken.when(F.octet_length(text) > column.max_bytes, "too_long")
    return broken


def _is_in_time(column: CatalogColumn, instant: Column, started: datetime) -> Column:
    first, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (FIRST_YEAR, YEAR_AFTER_LAST))
    in_time = (instant >= F.lit(first)) & (instant < F.lit(end))
    if column.name == VERSION.name:
        # a version from the future would win over every true one; a day is for clocks and forgotten zones
        in_time &= instant <= F.lit(started + timedelta(days=1))
    return in_time


def _is_not_utf8(column: CatalogColumn) -> Column:
    return is_not_utf8(F.col(column.name), F.col(_decoded_name(column)))


def _integer(text: Column, spark_type: str) -> Column:
    # a cast would cut 12.5 to 12
    return F.when(~text.contains(".") | text.rlike(_INTEGRAL), text.cast(spark_type))


def _boolean(text: Column) -> Column:
    return F.when(F.lower(text) == "true", F.lit(True)).when(F.lower(text) == "false", F.lit(False))


def _timestamp(text: Column) -> Column:
    # a cast alone takes 2020 for a date and 21:38 for a time of today
    return F.when(text.rlike(_ISO), text.cast("timestamp"))


def _offset_timestamp(text: Column) -> Column:
    # Spark 3 parses no weekday names
    return F.when(text.rlike(_WEEKDAY), F.to_timestamp(F.substring(text, 5, 64), "MMM d HH:mm:ss Z yyyy"))


_PARSERS: dict[Type, Callable[[Column], Column]] = {
    Type.BIGINT: lambda text: _integer(text, "bigint"),
    Type.INTEGER: lambda text: _integer(text, "int"),
    Type.RATING: lambda text: text.cast(DecimalType(38, 18)),
    Type.BOOLEAN: _boolean,
    Type.TIMESTAMP: _timestamp,
    Type.OFFSET_TIMESTAMP: _offset_timestamp,
    Type.TEXT: lambda text: text,
}


def _text_name(column: CatalogColumn) -> str:
    return f":text:{column.name}"


def _decoded_name(column: CatalogColumn) -> str:
    return f":decoded:{column.name}"


def _bytes_name(column: CatalogColumn) -> str:
    return f":not_utf8:{column.name}"


def _parsed_name(column: CatalogColumn) -> str:
    return f":parsed:{column.name}"
