"""Goodreads' dates as versions of records."""

from datetime import UTC, date, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LENGTH = len("Wed Mar 22 11:37:04 -0700 2017")


def version_of(text: str) -> str:
    """`Wed Mar 22 11:37:04 -0700 2017` in UTC: `2017-03-22 18:37:04`. ValueError for anything else.

    By position, which takes a fifth of the time of strptime: there are 15.7 million of them.
    """
    try:
        if len(text) != _LENGTH:
            raise ValueError  # noqa: TRY301
        month = _MONTHS.index(text[4:7]) + 1
        moment = datetime.fromisoformat(f"{text[26:]}-{month:02}-{text[8:10]}T{text[11:19]}{text[20:25]}")
        return version_at(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a date like 'Wed Mar 22 11:37:04 -0700 2017'") from None


def version_on(text: str) -> str:
    """The first moment of a day like `2017-03-22`. ValueError for anything else."""
    try:
        return f"{date.fromisoformat(text)} 00:00:00"
    except ValueError:
        raise ValueError(f"{text!r} is not a date like '2017-03-22'") from None


def version_at(moment: datetime) -> str:
    """A moment of UTC as `record_create_timestamp` has it."""
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")
