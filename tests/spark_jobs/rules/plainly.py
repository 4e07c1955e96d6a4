"""The rules once more, in plain Python and one text at a time: what the SQL is compared with. Only the catalog is common to both."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from catalog import Column, Type
from catalog.model import FIRST_YEAR, YEAR_AFTER_LAST

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BITS = {Type.INTEGER: 32, Type.BIGINT: 64}
_LONGEST_OFFSET = 18 * 60  # minutes
_EPOCH = date(1970, 1, 1).toordinal()
_A_DAY = 86_400_000_000  # microseconds
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|([+-])(\d\d)(?::?(\d\d))?)?", re.ASCII
)
_OFFSET = re.compile(
    r"[A-Z][a-z]{2} (\w{3}) (\d{1,2}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d) (\d{4})", re.ASCII
)


class Broken(Exception):  # noqa: N818 (the name of a rule, not an error)
    """The text breaks the rule."""


def outcome(column: Column, text: str, started: datetime) -> Any:
    """The value of a text, timestamps in microseconds; or the name of the rule that it breaks."""
    tidy = tidied(text)
    try:
        if column.type is Type.TEXT:
            return _text(column, tidy)
        value = _PARSERS[column.type](column, tidy) if tidy else None
        if value is None and column.required:
            return "required"
        if value is not None:
            _require_period(column, value, started)
    except Broken as rule:
        return str(rule)
    return value


def tidied(text: str) -> str:
    """Each run of white space and control characters as one space, and none at the ends."""
    signs = (
        " " if unicodedata.category(sign)[0] == "Z" or unicodedata.category(sign) == "Cc" else sign
        for sign in text
    )
    return re.sub(" +", " ", "".join(signs)).strip(" ")


def _text(column: Column, tidy: str) -> str | None:
    if tidy in ("", *column.missing):
        if column.required:
            raise Broken("required")
        return None
    if len(tidy.encode()) > (column.max_bytes or 0):
        raise Broken("too_long")
    return tidy


def _integer(column: Column, tidy: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+(\.0*)?", tidy):
        raise Broken("type")
    value = int(tidy.partition(".")[0])
    if not -(2 ** (_BITS[column.type] - 1)) <= value < 2 ** (_BITS[column.type] - 1):
        raise Broken("type")
    if column.bounds and not column.bounds[0] <= value <= column.bounds[1]:
        raise Broken("range")
    return value


def _rating(column: Column, tidy: str) -> Decimal:
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", tidy):
        raise Broken("type")
    exact = _rounded(Decimal(tidy), 18)
    if abs(exact) >= 10**20:  # with 18 places that is more digits than the engine has
        raise Broken("type")
    low, high = column.bounds or (Decimal("-9.99"), Decimal("9.99"))
    if not low <= exact <= high:
        raise Broken("range")
    return _rounded(exact, 2)


def _rounded(exact: Decimal, places: int) -> Decimal:
    return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=200))


def _boolean(_: Column, tidy: str) -> bool:
    if tidy.lower() not in ("true", "t", "false", "f"):
        raise Broken("type")
    return tidy.lower() in ("true", "t")


def _timestamp(_: Column, tidy: str) -> int:
    if not (found := _ISO.fullmatch(tidy)):
        raise Broken("type")
    year, month, day, *time, fraction, zone, sign, hours, minutes = found.groups()
    if zone and zone != "Z" and minutes is None and ":" in zone:
        raise Broken("type")
    offset = _offset(sign, hours or "00", minutes or "00")
    return _instant(int(year), int(month), int(day), time, (fraction or "").ljust(6, "0")[:6], offset)


def _offset_timestamp(column: Column, tidy: str) -> int:
    if not (found := _OFFSET.fullmatch(tidy)):
        return _timestamp(column, tidy)
    month, day, *time, sign, hours, minutes, year = found.groups()
    if month not in _MONTHS:
        raise Broken("type")
    return _instant(int(year), _MONTHS.index(month) + 1, int(day), time, "0", _offset(sign, hours, minutes))


def _offset(sign: str | None, hours: str, minutes: str) -> int:
    """In minutes."""
    length = 60 * int(hours) + int(minutes)
    if int(minutes) > 59 or length > _LONGEST_OFFSET:
        raise Broken("type")
    return -length if sign == "-" else length


def _instant(year: int, month: int, day: int, time: list[str], fraction: str, offset: int) -> int:
    """In microseconds since 1970; of no datetime's range: a year may be 0, and an offset may lead beyond the last one."""
    hour, minute, second = map(int, time)
    if hour > 23 or minute > 59 or second > 59:
        raise Broken("type")
    try:
        days = date(year or 400, month, day).toordinal() - _EPOCH - (0 if year else 146_097)
    except ValueError:
        raise Broken("type") from None
    seconds = 3600 * hour + 60 * (minute - offset) + second
    return days * _A_DAY + seconds * 1_000_000 + int(fraction)


def _require_period(column: Column, value: Any, started: datetime) -> None:
    if column.type not in (Type.TIMESTAMP, Type.OFFSET_TIMESTAMP):
        return
    first, end = (_micros(datetime(year, 1, 1, tzinfo=UTC)) for year in (FIRST_YEAR, YEAR_AFTER_LAST))
    if not first <= value < end or (column.past and value > _micros(started + timedelta(days=1))):
        raise Broken("range")


def _micros(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


_PARSERS: dict[Type, Callable[[Column, str], Any]] = {
    Type.BIGINT: _integer,
    Type.INTEGER: _integer,
    Type.RATING: _rating,
    Type.BOOLEAN: _boolean,
    Type.TIMESTAMP: _timestamp,
    Type.OFFSET_TIMESTAMP: _offset_timestamp,
}
