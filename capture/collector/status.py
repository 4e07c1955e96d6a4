"""The collector's state in a line, kept up to date on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import humanfriendly
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from capture.collector.collector import Collector


def summary(collector: Collector) -> str:
    """What was done, what waits and what was left out."""
    counts = collector.feed.backlog.counts()
    parts = [f"{collector.captured:,} reviews captured", f"{counts.get('waiting', 0):,} waiting"]
    parts += [f"{counts[status]:,} {status}" for status in ("gone", "given up") if status in counts]
    if collector.feed.gaps:
        parts.append(f"{collector.feed.gaps:,} possible gaps")
    if size := collector.spool.size():
        parts.append(f"{humanfriendly.format_size(size)} open")
    if collector.feed.outage:
        parts.append("Goodreads does not answer")
    return ", ".join(parts)


@contextmanager
def shown(console: Console) -> Iterator[Callable[[Collector], None]]:
    """What to call after each step: a line that lives on a terminal, nothing elsewhere."""
    if not console.is_terminal:
        yield lambda _: None
        return
    spinner = Spinner("dots")
    with Live(spinner, console=console, transient=True):
        yield lambda collector: spinner.update(
            text=Text(summary(collector), overflow="ellipsis", no_wrap=True)
        )
