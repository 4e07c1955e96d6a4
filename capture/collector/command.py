"""`python -m capture collect`."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import humanize
import typer
from rich.console import Console

from capture import options
from capture.asking import Pace
from capture.collector.backlog import Backlog
from capture.collector.collector import Collector, Feed, Limits
from capture.collector.goodreads import Goodreads, PatientClient
from capture.emptying import Emptied
from capture.errors import CaptureError
from capture.logs import log_to
from capture.progress import shown
from capture.spool.spool import held
from capture.stopping import stopped_by_signals
from command_line.answers import answers
from command_line.counting import counted
from command_line.telling import told
from landing.sizes import size_in_bytes

_HANDOVER_SECONDS = (
    2.0  # an uploader holds the spool for a moment when it finishes the files of a killed collector
)
_FIRST_PAUSE_INTERVALS = (
    60  # a failed review is tried again after this many times the interval between two requests
)


def collect(
    *,
    spool: Annotated[
        Path,
        typer.Option(help="Folder for the captured files; it is made if it is missing.", file_okay=False),
    ],
    key: Annotated[
        str,
        typer.Option(
            envvar="GOODREADS_KEY",
            help="Developer key of Goodreads; it is safer in the environment.",
            show_default=False,
        ),
    ] = "",
    base_url: Annotated[
        str,
        typer.Option(
            parser=options.base_url, metavar="URL", help="Address of Goodreads, or of a simulated Goodreads."
        ),
    ] = "https://www.goodreads.com/",
    rate: Annotated[
        float, typer.Option(help="Most requests a second; Goodreads' terms allow 1.", min=0.001)
    ] = 1,
    poll: Annotated[
        float, typer.Option(parser=options.seconds, metavar="TIME", help="How often to look at the feed.")
    ] = "30s",  # type: ignore[assignment]
    for_: Annotated[
        float | None,
        typer.Option("--for", parser=options.seconds, metavar="TIME", help="End after this time."),
    ] = None,
    reviews: Annotated[int | None, typer.Option(help="End after this many reviews.", min=1)] = None,
    max_file_size: Annotated[
        int, typer.Option(parser=size_in_bytes, metavar="SIZE", help="Finish a file of this size.")
    ] = "64MB",  # type: ignore[assignment]
    max_file_age: Annotated[
        float, typer.Option(parser=options.seconds, metavar="TIME", help="Finish a file of this age.")
    ] = "5m",  # type: ignore[assignment]
    again: Annotated[
        bool, typer.Option("--again", help="First let the reviews that were given up be tried again.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="When the command ends, write what was captured as one JSON document to stdout."
        ),
    ] = False,
) -> None:
    """Follow Goodreads' recent reviews and spool each new one, with its user, book and authors, as CSV.

    Runs until SIGTERM or Ctrl-C, then finishes its open files. `upload` takes finished files to the landing zone.
    """
    answers.choose(as_json=as_json)
    console = Console(stderr=True)
    log_to(console)
    if not key:
        raise typer.BadParameter(
            "there is no key; set GOODREADS_KEY. Goodreads has issued no new keys since December 2020: without a key, run "
            "`python -m capture simulate` and give its address as --base-url, with any key",
            param_hint="--key",
        )
    limits = Limits(file_bytes=max_file_size, file_age=max_file_age, seconds=for_, reviews=reviews)
    with (
        told(console, CaptureError, also=answers.failed),
        stopped_by_signals() as stop,
        held(spool, _HANDOVER_SECONDS) as mine,
    ):
        pace = Pace(rate, stop)
        backlog = Backlog(mine.state, _FIRST_PAUSE_INTERVALS * pace.interval)
        if again:
            retried = backlog.again()
            are = "that was given up is" if retried == 1 else "that were given up are"
            console.print(f"{counted(retried, 'review')} {are} tried again")
        with closing(PatientClient(key, base_url, pace)) as client, shown(console, summary) as changed:
            feed = Feed(Goodreads(client, stop, pace.interval), backlog, poll)
            collector = Collector(feed, mine, limits, stop, changed)
            collector.run()
        done = CollectorSummary.of(collector)
        answers.give(done, lambda: console.print(str(done), highlight=False, soft_wrap=True))


@dataclass(frozen=True, kw_only=True)
class CollectorSummary:
    """How many reviews a collector has captured, how many are waiting or were left out, and what is wrong at the moment.

    `outage` says why Goodreads does not answer, None while it answers. `left_out` counts records with an impossible key.
    """

    captured: int
    waiting: int
    gone: int
    given_up: int
    possible_gaps: int
    outage: str | None
    left_out: int
    emptied: Emptied

    @classmethod
    def of(cls, collector: Collector) -> Self:
        """What the collector has captured so far."""
        counts = collector.feed.backlog.counts()
        return cls(
            captured=collector.captured,
            waiting=counts.get("waiting", 0),
            gone=counts.get("gone", 0),
            given_up=counts.get("given up", 0),
            possible_gaps=collector.feed.gaps,
            outage=collector.feed.outage or None,
            left_out=collector.possible.left_out,
            emptied=collector.possible.emptied,
        )

    def __str__(self) -> str:
        return self.told()

    def told(self, open_bytes: int = 0) -> str:
        """One line. `open_bytes` is the size of the files that are not finished."""
        parts = [f"{counted(self.captured, 'review')} captured", f"{self.waiting:,} waiting"]
        if self.gone:
            parts.append(f"{self.gone:,} gone")
        if self.given_up:
            parts.append(f"{self.given_up:,} given up")
        if self.possible_gaps:
            parts.append(f"{self.possible_gaps:,} possible gaps")
        if open_bytes:
            parts.append(f"{humanize.naturalsize(open_bytes)} open")
        if self.outage:
            parts.append("Goodreads does not answer")
        if self.left_out:
            parts.append(f"{counted(self.left_out, 'record')} left out for an impossible key")
        if emptied := str(self.emptied):
            parts.append(emptied)
        return ", ".join(parts)


def summary(collector: Collector) -> str:
    """The summary of a collector at work, in one line."""
    return CollectorSummary.of(collector).told(collector.spool.size())
