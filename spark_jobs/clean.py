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

from collections.abc import Callable, Sequence
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
_NOT_PRINTABLE = r"[^ -~]"
_ODD_BLANK = r"[[^ -~]&&[\p{Z}\p{Cc}]]"  # tests for printable ASCII first: most characters are
_INTEGRAL = r"^[+-]?\d+\.0*$"
_ISO = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$"
_TIDY = ":tidy"
_WEEKDAY = r"^[A-Z][a-z]{2} "


def clean_rows(raw: DataFrame, dataset: Dataset, *, started: datetime) -> DataFrame:
    """Raw text in, per catalog column its typed value and its `rule_name`: the rule it breaks, else NULL.

    Raw text has one character per byte. `started` is when the run did: no record can be from the days after.
    Other columns pass through.
    """
    others = [name for name in raw.columns if name not in dataset.column_names]
    columns = dataset.columns
    texts = [column for column in columns if column.type is Type.TEXT]
    values = [column for column in columns if column.type is not Type.TEXT]
    # one step each: Spark computes what a step uses twice only once if it comes out of the step before
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
    """Every run of white space and control characters as one space, none at the ends; perhaps nothing is left.

    Only of texts, and of what could not be parsed as it is: the others are NULL.
    """
    raw = F.col(column.name)
    if column.type is not Type.TEXT:
        # decoded only here: the bytes of every odd blank look like one
        return F.when(F.col(_early_name(column)).isNull(), _tidied(text_of(raw)))
    return F.when(F.col(_TIDY), raw).otherwise(_tidied(F.coalesce(_decoded_name(column), raw)))


def parse(column: CatalogColumn, text: Column) -> Column:
    """Text as a value of the column's type, ratings with all their digits; NULL if it is none."""
    return _PARSERS[column.type](text)


def broken_rule(column: CatalogColumn, started: datetime) -> Column:
    """`encoding` (of texts), `required`, `type`, `range` or `too_long`; NULL if the value is fine."""
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
        broken = broken.when(~_is_in_time(column, value, started), "range")
    if column.max_bytes:
        broken = broken.when(F.octet_length(value) > column.max_bytes, "too_long")
    return broken


def _is_in_time(column: CatalogColumn, instant: Column, started: datetime) -> Column:
    first, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (FIRST_YEAR, YEAR_AFTER_LAST))
    in_time = (instant >= F.lit(first)) & (instant < F.lit(end))
    if column.name == VERSION.name:
        # a version from the future would win over every true one; a day is for clocks and forgotten zones
        in_time &= instant <= F.lit(started + timedelta(days=1))
    return in_time


def _is_tidy_row(texts: Sequence[CatalogColumn]) -> Column:
    """Whether all texts of a row are printable ASCII without a space too many, as they mostly are.

    One look at all of them costs much less than one at each. The space between two texts makes two of one at an end.
    """
    row = F.concat_ws(" ", F.lit(""), *(F.col(column.name) for column in texts), F.lit(""))
    return ~(row.contains("  ") | row.rlike(_NOT_PRINTABLE))


def _tidied(text: Column) -> Column:
    # looking is much cheaper than rewriting
    untidy = text.rlike(_ODD_BLANK) | text.contains("  ") | text.startswith(" ") | text.endswith(" ")
    return F.when(untidy, F.trim(F.regexp_replace(text, _BLANKS, " "))).otherwise(text)


def _parsed(column: CatalogColumn) -> Column:
    """The value: white space around or within it is for the second try, which few need."""
    text = F.col(_text_name(column))
    if column.type is Type.TEXT:
        return F.when(~text.isin("", *column.missing), text)
    return F.coalesce(_early_name(column), parse(column, text))


def _decoded(column: CatalogColumn) -> Column:
    return F.when(~F.col(_TIDY), decoded(F.col(column.name)))


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
