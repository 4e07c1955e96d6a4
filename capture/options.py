"""Reads command-line options; a value that cannot be read is a usage error."""

from datetime import UTC, datetime

import durationpy
import typer

from catalog import VERSION
from spark_jobs.rules.grammar import period


def seconds(text: str) -> float:
    """The seconds in a text like 30s, 5m or 1h30m; a bare number means seconds. The result is more than 0."""
    try:
        found = durationpy.from_str(f"{text}s" if text[-1:].isdigit() else text).total_seconds()
    except durationpy.DurationError:
        found = 0
    if not found > 0:
        raise typer.BadParameter(f"{text!r} is not a span of time; write it like 30s, 5m or 2h")
    return found


def base_url(text: str) -> str:
    """An http address that ends in a slash, so that paths can be appended."""
    if not text.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{text!r} is not an http address; write it like https://www.goodreads.com/")
    return f"{text.rstrip('/')}/"


def captured_at(given: datetime, now: datetime) -> datetime:
    """The moment of `--captured-at` in UTC; without an offset it is in UTC already. Raises BadParameter if the pipeline would reject it as a version."""
    first, last = period(VERSION, now)
    try:
        moment = given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    except OverflowError:  # an offset at the first or last day of all
        moment = None
    if moment is None or not first <= moment <= last:
        raise typer.BadParameter(
            f"the pipeline would reject every record of {given.isoformat(' ')}; expected a time from {first:%Y-%m-%d} to {last:%Y-%m-%d}",
            param_hint="--captured-at",
        )
    return moment
