"""Times as the document has them: ISO 8601 in UTC with milliseconds."""

from datetime import UTC, datetime
from typing import Any


def moment(value: Any) -> datetime:
    """A time of AWS: a datetime, text of ISO 8601, or seconds or milliseconds since 1970; without a zone it is UTC."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)  # noqa: PLR2004 (1e11 s are in the year 5138)
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def told(value: datetime) -> str:
    """The time as the document has it."""
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def seconds_between(start: datetime, end: datetime) -> float:
    """The time from one to the other, to the millisecond."""
    return round((end - start).total_seconds(), 3)
