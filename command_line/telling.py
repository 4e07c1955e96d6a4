"""How a command ends when something is wrong that a person can mend, or when it is interrupted."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C has ended, as shells have it."""


@contextmanager
def told(console: Console, *mendable: type[Exception]) -> Iterator[None]:
    """An error of these kinds in the block is told in a line, and ends the command with 1."""
    try:
        yield
    except mendable as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)


@contextmanager
def interruptible(console: Console, farewell: str, code: int = INTERRUPTED) -> Iterator[None]:
    """Ctrl-C and SIGTERM leave the block in order, with KeyboardInterrupt; then the command ends with `code`."""
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell's background job starts with SIGINT ignored
        signal.signal(ending, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        console.print(farewell)
        sys.exit(code)
