"""Options of the command line, as values."""

import durationpy
import typer


def seconds(text: str) -> float:
    """From texts like 30s, 5m or 1h30m; a bare number is seconds. More than 0."""
    try:
        found = durationpy.from_str(f"{text}s" if text[-1:].isdigit() else text).total_seconds()
    except durationpy.DurationError:
        found = 0
    if not found > 0:
        raise typer.BadParameter(f"{text!r} is no span of time; write it like 30s, 5m or 2h")
    return found


def base_url(text: str) -> str:
    """An http address, with the slash at its end that paths are put behind."""
    if not text.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{text!r} is no address; write it like https://www.goodreads.com/")
    return f"{text.rstrip('/')}/"
