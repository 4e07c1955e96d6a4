"""How the commands speak: errors a person can mend in a line, what happens as log lines."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape

from capture.errors import CaptureError


@contextmanager
def told(console: Console) -> Iterator[None]:
    """A CaptureError ends the command with its message and exit code 1."""
    try:
        yield
    except CaptureError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)


def log_to(console: Console) -> None:
    """Log lines of this package on the console: above a live display on a terminal, with full dates in a file."""
    on_terminal = RichHandler(console=console, show_path=False, markup=False)
    plain = logging.StreamHandler(console.file)
    plain.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    package = logging.getLogger("capture")
    package.handlers = [on_terminal if console.is_terminal else plain]
    package.setLevel(logging.INFO)
