"""What happens, as log lines."""

import logging

from rich.console import Console
from rich.logging import RichHandler


def log_to(console: Console) -> None:
    """Log lines of this package on the console: above a live display on a terminal, with full dates in a file."""
    on_terminal = RichHandler(console=console, show_path=False, markup=False)
    plain = logging.StreamHandler(console.file)
    plain.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    package = logging.getLogger("capture")
    package.handlers = [on_terminal if console.is_terminal else plain]
    package.setLevel(logging.INFO)
