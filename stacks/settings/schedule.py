"""When runs start: a rate or a cron expression, as EventBridge writes both, and how far apart the starts are.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

from aws_croniter import AwsCroniter

_RATE = re.compile(r"rate\((1 (?:minute|hour|day)|(?:[2-9]|[1-9]\d+) (?:minute|hour|day)s)\)")
_CRON = re.compile(r"cron\((.*)\)")
_EXAMPLES = "rate(10 minutes), rate(1 hour) or cron(0 7 * * ? *)"
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_UNITS = {"minute": _MINUTE, "hour": timedelta(hours=1), "day": _DAY}
_BEGIN, _END = datetime(2027, 1, 1), datetime(2029, 1, 1)  # noqa: DTZ001  # what clocks show, in whatever zone
"""A common year and a leap year, in which a cron expression is tried: the same two on whatever day it is synthesized."""


@dataclass(frozen=True, kw_only=True)
class Apart:
    """The shortest and the longest time from one start to the next."""

    shortest: timedelta
    longest: timedelta


@dataclass(frozen=True)
class Rate:
    """`rate(10 minutes)`: a start whenever the period has passed."""

    period: timedelta

    @property
    def apart(self) -> Apart:
        return Apart(shortest=self.period, longest=self.period)


@dataclass(frozen=True)
class Cron:
    """The fields of `cron(minutes hours day-of-month month day-of-week year)`, read in a time zone.

    Where clocks are put forward, EventBridge Scheduler skips a time that no clock shows. Where clocks are put back, a time that
    comes twice counts once ("Daylight savings time", on the page above). AWS does not say which of the two counts: here, the
    first.
    """

    fields: str
    zone: ZoneInfo

    @property
    def apart(self) -> Apart:
        """In the years 2027 and 2028, changes of the clocks included; both years, if they have fewer than two starts."""
        return _apart(self)

    def next_after(self, moment: datetime) -> datetime | None:
        """The first start after `moment`, in UTC; None if there is none."""
        moment = moment.astimezone(UTC)
        shown = moment.astimezone(self.zone).replace(tzinfo=None)
        starts = map(self.first_moment, _readings(self.fields, shown))
        return next((start for start in starts if start and start > moment), None)

    def first_moment(self, reading: datetime) -> datetime | None:
        """When clocks show the reading for the first time, in UTC; None if they never do."""
        moment = reading.replace(tzinfo=self.zone).astimezone(UTC)
        return moment if moment.astimezone(self.zone).replace(tzinfo=None) == reading else None


def read_schedule(expression: str, zone: str) -> Rate | Cron:
    """What an expression means; ValueError with the reason if EventBridge would refuse it, or if it starts no run from 2027 on."""
    try:
        found = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"schedule_timezone = {zone!r} is not a time zone: write one like Europe/Berlin"
        ) from None
    if rate := _RATE.fullmatch(expression):
        number, unit = rate[1].split()
        return Rate(int(number) * _UNITS[unit.removesuffix("s")])
    if cron := _CRON.fullmatch(expression):
        try:
            return _checked(Cron(cron[1], found))
        except ValueError as error:
            said = str(error).removesuffix(".")
            raise ValueError(
                f"schedule = {expression!r} is not allowed: {said}; its fields are minutes, hours, day of the month, month, day "
                "of the week and year, with ? for one of the two days, like cron(0 7 * * ? *)"
            ) from None
    raise ValueError(f"schedule = {expression!r} is not allowed: write it like {_EXAMPLES}")


def _checked(cron: Cron) -> Cron:
    """ValueError if the fields cannot be read, or if no time fits them."""
    if cron.fields.split()[4:5] == ["L"]:  # the library reads it as no day at all
        raise ValueError("L alone is not supported as the day of the week, write SAT")
    if next(_readings(cron.fields, _BEGIN - _MINUTE), None) is None:
        raise ValueError("no such time comes in the years from 2027 on")
    return cron


@lru_cache
def _apart(cron: Cron) -> Apart:
    gaps = set(_gaps(cron)) or {_END - _BEGIN}
    return Apart(shortest=min(gaps), longest=max(gaps))


def _gaps(cron: Cron) -> Iterator[timedelta]:
    """The times from one start to the next; the starts within a day are looked at once for all days of 24 hours."""
    minutes, hours, *day = cron.fields.split()
    times = [reading - _BEGIN for reading in _readings(f"{minutes} {hours} 1 1 ? 2027", _BEGIN - _MINUTE)]
    yield from (later - earlier for earlier, later in pairwise(times))
    last = None
    for midnight in takewhile(lambda each: each < _END, _readings(f"0 0 {' '.join(day)}", _BEGIN - _MINUTE)):
        clocks_change = _offset(midnight, cron.zone) != _offset(midnight + _DAY, cron.zone)
        shown = times if clocks_change else (times[0], times[-1])
        starts = [start for each in shown if (start := cron.first_moment(midnight + each))]
        for start in starts if clocks_change else starts[:1]:
            if last:
                yield start - last
            last = start
        last = starts[-1] if starts else last


def _offset(reading: datetime, zone: ZoneInfo) -> timedelta | None:
    return reading.replace(tzinfo=zone).utcoffset()


def _readings(fields: str, after: datetime) -> Iterator[datetime]:
    """What clocks show at each start after `after`; ValueError if the fields cannot be read."""
    reader, shown = AwsCroniter(fields), after.replace(tzinfo=UTC)  # the library knows no other zone
    while shown := reader.occurrence(shown).next():
        yield shown.replace(tzinfo=None)
