"""The header by which a server says when to ask again."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 3600.0  # seconds; a wrong clock at the other end must not silence the collector for days


def retry_after(header: str | None) -> float:
    """Seconds to wait, at most an hour; 0 if there is no such header or it makes no sense."""
    if header is None:
        return 0
    text = header.strip()
    seconds = float(text) if text.isascii() and text.isdigit() else _seconds_until(text)
    return min(max(seconds, 0), _LONGEST)


def _seconds_until(text: str) -> float:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0
    if moment.tzinfo is None:  # "-0000": UTC, from a server that does not say where it is
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()
