"""The forms of a value after clean-up: regular expressions for whole texts, as RE2 reads them.

- integers: `12`, `-3`, and the `12.0` that pandas makes of a column with gaps; `12.5` is not one
- ratings: a decimal number, of which 18 places count; bounds are checked before the number is rounded half up to two places
- flags: `true`, `false`, `t` or `f` in any case; psql and Redshift's UNLOAD write the letters
- timestamps: `2020-02-19 21:38:16`, with up to nine digits of fraction (cut to microseconds), with `T` for the
  space, and with `Z` or an offset like `+01:00`, `+0100` or `+01`; without a zone they are UTC
- offset timestamps: `Wed Feb 19 18:36:17 -0800 2020`, as Goodreads writes them (the weekday is not compared with the date), or a
  timestamp as above, as a warehouse writes them

Both kinds of timestamps must lie within the catalog's years.
"""

from datetime import UTC, datetime, timedelta

from catalog import Column
from catalog.model import FIRST_YEAR, YEAR_AFTER_LAST

PLAIN_INTEGER = r"[+-]?\d+"
INTEGRAL = r"[+-]?\d+\.0*"
DECIMAL = r"[+-]?(\d+\.?\d*|\.\d+)"
_TIME = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_ISO_LOCAL = rf"\d{{4}}-\d\d-\d\d[ T]{_TIME}(\.\d{{1,9}})?"
ISO_UTC = rf"{_ISO_LOCAL}Z?"
ISO = rf"{_ISO_LOCAL}(Z|[+-](0\d|1[0-7])(:?[0-5]\d)?|[+-]18(:?00)?)?"
OFFSET = rf"[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} \d{{1,2}} {_TIME} [+-]((0\d|1[0-7])[0-5]\d|1800) \d{{4}}"
BEFORE_MONTH = 4
"""Characters of an offset timestamp that name the weekday."""

BLANK = r"[\p{Z}\p{Cc}]"
"""White space and control characters: a run of them becomes one space."""


def period(column: Column, started: datetime) -> tuple[datetime, datetime]:
    """The first and the last allowed instant of a timestamp, both included, in a run that started at `started`."""
    first, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (FIRST_YEAR, YEAR_AFTER_LAST))
    last = end - timedelta(microseconds=1)
    if column.past:
        last = min(last, started + timedelta(days=1))
    return first, last
