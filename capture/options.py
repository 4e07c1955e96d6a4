"""Options of the command line, as values."""

import humanfriendly
import typer


def seconds(text: str) -> float:
    """From texts like 30s, 5m or 2 hours; a bare number is seconds. More than 0."""
    try:
        found = float(humanfriendly.parse_timespan(text))
    except humanfriendly.InvalidTimespan:
        found = 0
    if not found > 0:
        raise typer.BadParameter(f"{text!r} is no span of time; write it like 30s, 5m or 2h")
    return found


def base_url(text: str) -> str:
    """An http address, with the slash at its end that paths are put behind."""
    if not text.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{text!r} is no address; write it like https://www.goodreads.com/")
    return f"{text.rstrip('/')}/"
