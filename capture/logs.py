"""Sets up the log lines of this package."""

import logging

from rich.console import Console
from rich.logging import RichHandler


def log_to(console: Console) -> None:
    """Write this package's log lines to the console: on a terminal above the live display, in a file with full dates."""
    on_terminal = RichHandler(console=console, show_path=False, markup=False)
    plain = logging.StreamHandler(console.file)
    plain.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    package = logging.getLogger("capture")
    package.handlers = [on_terminal if console.is_terminal else plain]
    package.setLevel(logging.INFO)
