"""The window of reviews that the analytics tables cover."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lambdas.shared.errors import InvalidExecutionInput

_USAGE = (
    'start the execution with {"window_start": "2020-02-01", "window_end": "2020-03-01"}, '
    'with {"window_days": 30}, or with {} for the default'
)
_KEYS = ("window_start", "window_end", "window_days")
_LONGEST_DAYS = 36_500


def review_window(execution_input: Any, started: str, default_days: int) -> dict[str, str]:
    """Start (inclusive) and end (exclusive) of the window, in UTC, as ISO 8601 without zone.

    `started` is when the execution started; the window ends there unless the input says otherwise.
    Raises InvalidExecutionInput for values that make no window.
    """
    if not isinstance(execution_input, Mapping):
        raise InvalidExecutionInput(f"the input is {execution_input!r}, expected an object; {_USAGE}")
    if misspelt := [key for key in execution_input if key.startswith("window") and key not in _KEYS]:
        raise InvalidExecutionInput(
            f"the input has {', '.join(misspelt)}, expected {', '.join(_KEYS)}; {_USAGE}"
        )
    end = _timestamp(execution_input.get("window_end", started), "window_end")
    if "window_start" in execution_input:
        start = _timestamp(execution_input["window_start"], "window_start")
    else:
        days = _days(execution_input.get("window_days", default_days))
        try:
            start = end - timedelta(days=days)
        except OverflowError as error:
            raise InvalidExecutionInput(f"there is no date {days} days before {end}; {_USAGE}") from error
    if start >= end:
        raise InvalidExecutionInput(f"the analytics window from {start} to {end} is empty; {_USAGE}")
    return {"start": start.isoformat(sep=" "), "end": end.isoformat(sep=" ")}


def _timestamp(value: Any, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidExecutionInput(f"{name} is {value!r}, expected a date or timestamp; {_USAGE}") from error


def _days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LONGEST_DAYS:
        raise InvalidExecutionInput(f"window_days is {value!r}, expected a whole number of days; {_USAGE}")
    return value
