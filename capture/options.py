"""Reads command-line options; a value that cannot be read is a usage error."""

import durationpy
import typer


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
