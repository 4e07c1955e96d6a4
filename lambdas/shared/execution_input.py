"""Checks the start of an execution: its name, its analytics window, and whether it accepts rejects."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lambdas.shared.errors import InvalidExecutionInput

_RUN_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")

_WINDOW_USAGE = (
    'start the execution with {"window_start": "2020-02-01", "window_end": "2020-03-01"}, '
    'with {"window_days": 30}, or with {} for the default'
)
_WINDOW_KEYS = ("window_start", "window_end", "window_days")
_LONGEST_DAYS = 36_500

_REPLACE_KEY = "replace_current"
_REPLACE_USAGE = (
    'a window that ends before the run starts goes to the tables of goodreads_past; with {"replace_current": true} it goes to those of '
    "goodreads_analytics"
)

_ACCEPT_KEY = "accept_rejects"
_ACCEPT_USAGE = 'look at the rejects first; if the other rows are right, start the execution with {"accept_rejects": true}'


def require_usable_name(run_id: str) -> None:
    """InvalidExecutionInput if the execution's name cannot be part of S3 keys and of the COPY statement's path."""
    if not _RUN_ID.fullmatch(run_id):
        raise InvalidExecutionInput(
            f"the execution is named {run_id!r}; expected at most 80 letters, digits, '.', '_' and '-'"
        )


def review_window(execution_input: Any, started: str, default_days: int) -> dict[str, str]:
    """Start (inclusive) and end (exclusive) of the analytics window, in UTC, as ISO 8601 without zone.

    `started` is when the execution started; the window ends there unless the input says otherwise.
    Raises InvalidExecutionInput for values that make no window.
    """
    if not isinstance(execution_input, Mapping):
        raise InvalidExecutionInput(f"the input is {execution_input!r}, expected an object; {_WINDOW_USAGE}")
    _refuse_misspelt(execution_input, "window", _WINDOW_KEYS, _WINDOW_USAGE)
    end = _timestamp(execution_input.get("window_end", started), "window_end")
    if "window_start" in execution_input:
        start = _timestamp(execution_input["window_start"], "window_start")
    else:
        days = _days(execution_input.get("window_days", default_days))
        try:
            start = end - timedelta(days=days)
        except OverflowError as error:
            raise InvalidExecutionInput(
                f"there is no date {days} days before {end}; {_WINDOW_USAGE}"
            ) from error
    if start >= end:
        raise InvalidExecutionInput(f"the analytics window from {start} to {end} is empty; {_WINDOW_USAGE}")
    return {"start": start.isoformat(sep=" "), "end": end.isoformat(sep=" ")}


def analytics_windows(execution_input: Any, started: str, default_days: int) -> dict[str, Any]:
    """The window of the current analytics; `past` holds the asked window, if that ends before the run starts.

    A past window replaces the current one if the input has `replace_current`.
    """
    asked = review_window(execution_input, started, default_days)
    _refuse_misspelt(execution_input, "replace", (_REPLACE_KEY,), _REPLACE_USAGE)
    replaces = execution_input.get(_REPLACE_KEY, False)
    if not isinstance(replaces, bool):
        raise InvalidExecutionInput(
            f"{_REPLACE_KEY} is {replaces!r}, expected true or false; {_REPLACE_USAGE}"
        )
    now = review_window({}, started, default_days)
    return asked if replaces or asked["end"] >= now["end"] else {**now, "past": asked}


def asks_for_a_window(execution_input: Mapping[str, Any]) -> bool:
    """Whether somebody wants the analytics of a window, also if nothing has landed."""
    return any(key in execution_input for key in _WINDOW_KEYS)


def accepts_rejects(execution_input: Mapping[str, Any]) -> str:
    """`true` or `false`, as a parameter of a statement: whether more rejected rows than the limit are accepted.

    Raises InvalidExecutionInput for anything but a flag.
    """
    _refuse_misspelt(execution_input, "accept", (_ACCEPT_KEY,), _ACCEPT_USAGE)
    accepted = execution_input.get(_ACCEPT_KEY, False)
    if not isinstance(accepted, bool):
        raise InvalidExecutionInput(f"{_ACCEPT_KEY} is {accepted!r}, expected true or false; {_ACCEPT_USAGE}")
    return str(accepted).lower()


def _refuse_misspelt(
    execution_input: Mapping[str, Any], prefix: str, known: tuple[str, ...], usage: str
) -> None:
    """Refuse unknown keys that have the prefix; other unknown keys are allowed, because Step Functions adds its own."""
    if misspelt := [key for key in execution_input if key.startswith(prefix) and key not in known]:
        raise InvalidExecutionInput(
            f"the input has {', '.join(misspelt)}, expected {', '.join(known)}; {usage}"
        )


def _timestamp(value: Any, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidExecutionInput(
            f"{name} is {value!r}, expected a date or timestamp; {_WINDOW_USAGE}"
        ) from error


def _days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LONGEST_DAYS:
        raise InvalidExecutionInput(
            f"window_days is {value!r}, expected a whole number of days; {_WINDOW_USAGE}"
        )
    return value
