"""How far an import or a capture is, on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.spinner import Spinner
from rich.text import Text

T = TypeVar("T")


def progress_of_files() -> Progress:
    """A bar for each file on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, disable=not console.is_terminal)


@contextmanager
def shown(console: Console, summary: Callable[[T], str]) -> Iterator[Callable[[T], None]]:
    """Context manager that shows the summary on a terminal, and nothing elsewhere.

    The caller calls the function that it gives after each step, with what the summary is of.
    """
    if not console.is_terminal:
        yield lambda _: None
        return
    spinner = Spinner("dots")
    with Live(spinner, console=console, transient=True):
        yield lambda capturing: spinner.update(
            text=Text(summary(capturing), overflow="ellipsis", no_wrap=True)
        )
