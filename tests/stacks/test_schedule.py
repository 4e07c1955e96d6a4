"""Cron expressions of EventBridge, against a second reading: minute by minute, and by the calendar."""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stacks.settings.schedule import Cron, Rate, read_schedule

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CHANGES = {
    "Europe/Berlin": (date(2027, 3, 28), date(2027, 10, 31)),
    "America/New_York": (date(2027, 3, 14), date(2027, 11, 7)),
    "Australia/Lord_Howe": (date(2027, 4, 4), date(2027, 10, 3)),  # by half an hour
    "Africa/Cairo": (date(2027, 4, 30), date(2027, 10, 29)),  # at midnight
    "Asia/Kolkata": (date(2027, 3, 28),),
}
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
ZONES = st.sampled_from([(zone, day) for zone, days in CHANGES.items() for day in days])
MINUTES = st.sets(st.integers(0, 59), min_size=1, max_size=5)
HOURS = st.sets(st.integers(0, 4) | st.just(23), min_size=1, max_size=4)
ON = st.sets(st.sampled_from(WEEKDAYS), min_size=1)


def listed(values: set[int] | set[str]) -> str:
    return ",".join(map(str, sorted(values)))


def minute_by_minute(
    zone: ZoneInfo, begin: datetime, end: datetime, minutes: set[int], hours: set[int], weekdays: set[str]
) -> list[datetime]:
    """The minutes of UTC in which clocks show such a time, without those in which they show it for the second time."""
    found = []
    moment = begin
    while moment < end:
        shown = moment.astimezone(zone)
        if (
            shown.minute in minutes
            and shown.hour in hours
            and WEEKDAYS[shown.weekday()] in weekdays
            and not shown.fold
        ):
            found.append(moment)
        moment += MINUTE
    return found


def starts(cron: Cron, begin: datetime, end: datetime) -> list[datetime]:
    found = []
    moment = cron.next_after(begin - timedelta(seconds=1))
    while moment and moment < end:
        found.append(moment)
        moment = cron.next_after(moment)
    return found


BERLIN = "Europe/Berlin"
IN_SPRING, IN_AUTUMN = CHANGES[BERLIN]


@pytest.mark.slow
@settings(max_examples=40)
@given(ZONES, MINUTES, HOURS, ON)
@example((BERLIN, IN_SPRING), {30}, {2}, {"SUN"})
@example((BERLIN, IN_AUTUMN), {0, 45}, {2, 3}, {"SUN"})
def test_a_cron_expression_starts_runs_when_clocks_show_its_times(
    place: tuple[str, date], minutes: set[int], hours: set[int], weekdays: set[str]
) -> None:
    zone, change = place
    cron = read_schedule(f"cron({listed(minutes)} {listed(hours)} ? * {listed(weekdays)} *)", zone)
    assert isinstance(cron, Cron)
    begin = datetime(change.year, change.month, change.day, tzinfo=UTC) - 2 * DAY
    end = begin + 4 * DAY
    expected = minute_by_minute(cron.zone, begin, end, minutes, hours, weekdays)
    found = starts(cron, begin, end)
    assert found == expected
    assert all(earlier < later for earlier, later in pairwise(found))
    for half_hours in range(
        4 * 48
    ):  # whoever asks in the second of two equal hours is not sent back to the first
        moment = begin + half_hours * 30 * MINUTE
        later = cron.next_after(moment)
        assert later
        assert (later if later < end else None) == next((each for each in expected if each > moment), None)


@pytest.mark.slow
@settings(max_examples=8)
@given(ZONES, st.sets(st.integers(0, 59), min_size=1, max_size=3), HOURS, ON)
def test_how_far_apart_the_starts_are_holds_for_every_start_of_two_years(
    place: tuple[str, date], minutes: set[int], hours: set[int], weekdays: set[str]
) -> None:
    cron = read_schedule(f"cron({listed(minutes)} {listed(hours)} ? * {listed(weekdays)} *)", place[0])
    assert isinstance(cron, Cron)
    begin, end = (datetime(year, 1, 1, tzinfo=cron.zone).astimezone(UTC) for year in (2027, 2029))
    gaps = [later - earlier for earlier, later in pairwise(starts(cron, begin, end))]
    assert (min(gaps), max(gaps)) == (cron.apart.shortest, cron.apart.longest)


def last_of(month: int) -> int:
    return calendar.monthrange(2027, month)[1]


def last_friday(month: int) -> int:
    return max(week[calendar.FRIDAY] for week in calendar.monthcalendar(2027, month))


def nearest_weekday(month: int, day: int) -> int:
    """The working day nearest to the day, in the same month."""
    last = last_of(month)
    working = [d for d in range(1, last + 1) if date(2027, month, d).weekday() < 5]
    return min(working, key=lambda each: abs(each - day))


def nth(month: int, weekday: int, number: int) -> int | None:
    days = [week[weekday] for week in calendar.monthcalendar(2027, month) if week[weekday]]
    return days[number - 1] if number <= len(days) else None


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("L * ?", last_of),
        ("L-3 * ?", lambda month: last_of(month) - 3),
        ("? * 6L", last_friday),
        ("? * FRIL", last_friday),
        ("1W * ?", lambda month: nearest_weekday(month, 1)),
        ("15W * ?", lambda month: nearest_weekday(month, 15)),
        ("28W * ?", lambda month: nearest_weekday(month, 28)),
        ("? * 3#2", lambda month: nth(month, calendar.TUESDAY, 2)),
        ("? * MON#1", lambda month: nth(month, calendar.MONDAY, 1)),
        ("? * SUN#5", lambda month: nth(month, calendar.SUNDAY, 5)),
        ("31 * ?", lambda month: 31 if last_of(month) == 31 else None),
    ],
)
def test_a_day_of_the_month_is_found_as_in_a_calendar(
    days: str, expected: Callable[[int], int | None]
) -> None:
    cron = read_schedule(f"cron(0 12 {days} 2027)", "UTC")
    assert isinstance(cron, Cron)
    begin = datetime(2027, 1, 1, tzinfo=UTC)
    found = [(start.month, start.day) for start in starts(cron, begin, begin + 365 * DAY)]
    assert found == [(month, day) for month in range(1, 13) if (day := expected(month))]


def test_after_the_last_year_nothing_starts() -> None:
    cron = read_schedule("cron(0 12 L 12 ? 2027)", "UTC")
    assert isinstance(cron, Cron)
    assert cron.next_after(datetime(2027, 12, 31, 11, 59, tzinfo=UTC)) == datetime(
        2027, 12, 31, 12, tzinfo=UTC
    )
    assert cron.next_after(datetime(2027, 12, 31, 12, tzinfo=UTC)) is None


def test_a_rate_is_a_period() -> None:
    assert read_schedule("rate(1 hour)", "UTC") == Rate(timedelta(hours=1))
    assert read_schedule("rate(15 minutes)", "UTC") == Rate(timedelta(minutes=15))
    assert read_schedule("rate(2 days)", "UTC") == Rate(timedelta(days=2))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("rate(0 minutes)", "write it like rate"),
        ("rate(10 seconds)", "write it like rate"),
        ("rate(10 minute)", "write it like rate"),
        ("at(2027-01-01T00:00:00)", "write it like rate"),
        ("cron(0 7 * * ?)", "6 required, 5 provided; its fields are minutes, hours, day of the month"),
        ("cron(0 7 ? * ? *)", "Invalid combination"),
        ("cron(0/0 7 * * ? *)", "step must be positive"),
        ("cron(60 7 * * ? *)", "Invalid minute value '60'"),
        ("cron(0 7 LW * ? *)", "invalid literal"),
        ("cron(0 7 1,15W * ? *)", "Invalid day-of-month value"),
        ("cron(0 7 ? * 2#1,3#1 *)", "Invalid day-of-week value"),
        ("cron(0 7 ? * L *)", "write SAT"),
        ("cron(0 7 31 2 ? *)", "no such time comes in the years from 2027 on"),
        ("cron(0 7 * * ? 2026)", "no such time comes in the years from 2027 on"),
    ],
)
def test_what_eventbridge_or_the_library_cannot_read_is_refused_with_the_reason(
    expression: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=r"^schedule = .* is not allowed: ") as told:
        read_schedule(expression, "UTC")
    assert reason in str(told.value)
    assert repr(expression) in str(told.value)
