"""`python -m capture collect`, and the collector's state in a line."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import humanize
import typer
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from capture import options
from capture.collector.backlog import Backlog
from capture.collector.collector import Collector, Feed, Limits
from capture.collector.goodreads import Goodreads, Pace, PatientClient
from capture.errors import CaptureError
from capture.logs import log_to
from capture.spool.spool import held
from capture.stopping import stopped_by_signals
from command_line.telling import told
from landing.sizes import size_in_bytes

_HANDOVER_SECONDS = 2.0  # an uploader holds the spool for moments, to take what a killed collector has left
_FIRST_PAUSE_INTERVALS = 60  # between two requests; before a review that failed is tried again


def collect(
    *,
    spool: Annotated[
        Path, typer.Option(help="Folder for the files, made if it is missing.", file_okay=False)
    ],
    key: Annotated[
        str,
        typer.Option(
            envvar="GOODREADS_KEY", help="Developer key; safer in the environment.", show_default=False
        ),
    ] = "",
    base_url: Annotated[
        str,
        typer.Option(parser=options.base_url, metavar="URL", help="Where Goodreads is, or a simulated one."),
    ] = "https://www.goodreads.com/",
    rate: Annotated[
        float, typer.Option(help="Requests a second at most; Goodreads' terms allow 1.", min=0.001)
    ] = 1,
    poll: Annotated[
        float, typer.Option(parser=options.seconds, metavar="TIME", help="How often to look at the feed.")
    ] = "30s",  # type: ignore[assignment]
    for_: Annotated[
        float | None,
        typer.Option("--for", parser=options.seconds, metavar="TIME", help="End after that time."),
    ] = None,
    reviews: Annotated[int | None, typer.Option(help="End after so many reviews.", min=1)] = None,
    max_file_size: Annotated[
        int, typer.Option(parser=size_in_bytes, metavar="SIZE", help="Finish a file that has got so big.")
    ] = "64MB",  # type: ignore[assignment]
    max_file_age: Annotated[
        float, typer.Option(parser=options.seconds, metavar="TIME", help="Finish a file that has got so old.")
    ] = "5m",  # type: ignore[assignment]
    again: Annotated[bool, typer.Option("--again", help="Try again the reviews that were given up.")] = False,
) -> None:
    """Follow Goodreads' recent reviews and spool each new one, with its user, book and authors, as CSV.

    Runs until SIGTERM or Ctrl-C, which finish what is open. `upload` takes the finished files to the landing zone.
    """
    console = Console(stderr=True)
    log_to(console)
    if not key:
        raise typer.BadParameter(
            "there is no key; set GOODREADS_KEY. Goodreads has issued no new ones since December 2020: without one, run "
            "`python -m capture simulate` and give its address as --base-url, with any key",
            param_hint="--key",
        )
    limits = Limits(file_bytes=max_file_size, file_age=max_file_age, seconds=for_, reviews=reviews)
    with told(console, CaptureError), stopped_by_signals() as stop, held(spool, _HANDOVER_SECONDS) as mine:
        pace = Pace(rate, stop)
        backlog = Backlog(mine.state, _FIRST_PAUSE_INTERVALS * pace.interval)
        if again:
            console.print(f"{backlog.again():,} reviews that were given up are asked for again")
        with closing(PatientClient(key, base_url, pace)) as client, shown(console) as changed:
            feed = Feed(Goodreads(client, stop, pace.interval), backlog, poll)
            collector = Collector(feed, mine, limits, stop, changed)
            collector.run()
        console.print(summary(collector), highlight=False, soft_wrap=True)


def summary(collector: Collector) -> str:
    """What was done, what waits and what was left out."""
    counts = collector.feed.backlog.counts()
    parts = [f"{collector.captured:,} reviews captured", f"{counts.get('waiting', 0):,} waiting"]
    parts += [f"{counts[status]:,} {status}" for status in ("gone", "given up") if status in counts]
    if collector.feed.gaps:
        parts.append(f"{collector.feed.gaps:,} possible gaps")
    if size := collector.spool.size():
        parts.append(f"{humanize.naturalsize(size)} open")
    if collector.feed.outage:
        parts.append("Goodreads does not answer")
    if emptied := str(collector.possible.emptied):
        parts.append(emptied)
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
