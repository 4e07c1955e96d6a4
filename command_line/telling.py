"""How a command ends when it meets an error that a person can mend, and when it is interrupted."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.markup import escape

from landing.disk import disk_full, is_full

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended, the same as in a shell."""


@contextmanager
def told(
    console: Console, *mendable: type[Exception], also: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """If the block raises one of these errors, or the disk is full, print it in one line and end with exit code 1.

    `also` is told the message first, that of an error which nobody can mend as well.
    """
    try:
        yield
    except mendable as error:
        _end(console, str(error), also)
    except Exception as error:
        if not is_full(error):
            also(f"{type(error).__name__}: {error}")
            raise
        _end(console, _of_full_disk(error), also)


def _of_full_disk(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return disk_full(Path(error.filename).parent)
    first = str(error).splitlines()[0]
    return first if "disk full" in first else f"disk full: {first}"


def _end(console: Console, message: str, also: Callable[[str], None]) -> NoReturn:
    also(message)
    console.print(f"[bold red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(1)


@contextmanager
def interruptible(console: Console, farewell: str, code: int = INTERRUPTED) -> Iterator[None]:
    """Ctrl-C and SIGTERM raise KeyboardInterrupt in the block; after it, print `farewell` and end with exit code `code`."""
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell's background job starts with SIGINT ignored
        signal.signal(ending, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        console.print(farewell)
        sys.exit(code)
