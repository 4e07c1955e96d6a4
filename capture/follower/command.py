"""`python -m capture follow`, and following once for whoever wants the files at once."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

import humanize
import typer
from rich.console import Console

from capture import options
from capture.asking import Pace
from capture.emptying import Emptied
from capture.errors import CaptureError
from capture.follower.client import FeedClient
from capture.follower.feeds import (
    GOODREADS,
    READ,
    Feed,
    feeds_of,
    has_key,
    key_in_environment,
    named,
    readers_in,
)
from capture.follower.follower import Follower, Limits
from capture.logs import log_to
from capture.progress import shown
from capture.spool.spool import held
from capture.stopping import Stop, stopped_by_signals
from command_line.answers import answers
from command_line.counting import counted
from command_line.telling import told
from landing.sizes import size_in_bytes

_HANDOVER_SECONDS = (
    2.0  # an uploader holds the spool for a moment when it finishes the files of a killed follower
)
_DAY = 24 * 3600.0
_SIMULATED_RATE, _HERE = 100, {"localhost", "127.0.0.1"}


def follow(
    *,
    readers: Annotated[
        list[str] | None,
        typer.Argument(metavar="USER...", help="Numbers of readers, or the addresses of their profiles."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help="File with readers, one a line; also addresses of private feeds, with their keys.",
            dir_okay=False,
        ),
    ] = None,
    spool: Annotated[
        Path,
        typer.Option(help="Folder for the captured files; it is made if it is missing.", file_okay=False),
    ],
    shelf: Annotated[
        list[str] | None,
        typer.Option(help="Shelf to follow; repeat the option for several; #ALL# means all. Default: read."),
    ] = None,
    base_url: Annotated[
        str,
        typer.Option(
            parser=options.base_url,
            metavar="URL",
            envvar="GOODREADS_URL",
            help="Address of Goodreads, or of a simulated Goodreads.",
        ),
    ] = GOODREADS,
    rate: Annotated[float, typer.Option(help="Most requests a second.", min=0.001)] = 1,
    poll: Annotated[
        float, typer.Option(parser=options.seconds, metavar="TIME", help="How often to look at a shelf.")
    ] = "10m",  # type: ignore[assignment]
    whole_every: Annotated[
        float,
        typer.Option(parser=options.seconds, metavar="TIME", help="How often to look at a whole shelf."),
    ] = "24h",  # type: ignore[assignment]
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="Look at each shelf once and end; the exit code is 1 if one could not be read."
        ),
    ] = False,
    for_: Annotated[
        float | None,
        typer.Option("--for", parser=options.seconds, metavar="TIME", help="End after this time."),
    ] = None,
    max_file_size: Annotated[
        int, typer.Option(parser=size_in_bytes, metavar="SIZE", help="Finish a file of this size.")
    ] = "64MB",  # type: ignore[assignment]
    max_file_age: Annotated[
        float, typer.Option(parser=options.seconds, metavar="TIME", help="Finish a file of this age.")
    ] = "5m",  # type: ignore[assignment]
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="When the command ends, write what was captured as one JSON document to stdout."
        ),
    ] = False,
) -> None:
    """Follow the shelves of readers, and spool each review, with its user, book and author, as CSV.

    First the whole shelf, then what is new or has changed. Public shelves need no key; the key of private ones comes from GOODREADS_FEED_KEY, or
    with its address from --file. Runs until SIGTERM or Ctrl-C, then finishes its
    open files. `upload` takes finished files to the landing zone.
    """
    answers.choose(as_json=as_json)
    console = Console(stderr=True)
    log_to(console)
    feeds = _feeds(readers or [], file, shelf or [READ], base_url)
    limits = Limits(
        poll=poll,
        whole=whole_every,
        file_bytes=max_file_size,
        file_age=max_file_age,
        seconds=for_,
        once=once,
    )
    with (
        told(console, CaptureError, also=answers.failed),
        stopped_by_signals() as stop,
        shown(console, line) as changed,
    ):
        follower = _followed(feeds, spool, base_url, rate, limits, stop, changed)
    done = FollowerSummary.of(follower)
    answers.give(done, lambda: console.print(str(done), highlight=False, soft_wrap=True))
    if once and follower.troubles:
        raise typer.Exit(1)


def followed_once(feeds: Sequence[Feed], spool: Path, base_url: str, stop: Stop) -> Follower:
    """Look at each shelf once, into a spool; its files are finished afterwards.

    A spool that was used before gets what is new or has changed since. `troubles` of the result names shelves that could not be read.
    """
    limits = Limits(poll=_DAY, whole=_DAY, file_bytes=64_000_000, file_age=_DAY, once=True)
    return _followed(feeds, spool, base_url, polite_rate(base_url), limits, stop, lambda _: None)


def polite_rate(base_url: str) -> float:
    """Requests a second: one, or a hundred to a simulated Goodreads on this machine."""
    return _SIMULATED_RATE if urlsplit(base_url).hostname in _HERE else 1


@dataclass(frozen=True, kw_only=True)
class PutOff:
    """A shelf that could not be read, and why."""

    reader: str
    shelf: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class FollowerSummary:
    """How many reviews a follower has captured, from how many shelves, and what is wrong at the moment.

    `captured_again` of the captured reviews had changed, `without_book` came without the title of their book. `unread` counts reviews that
    could not be read, `unsettled` looks at shelves that changed all the time, `left_out` records with an impossible key.
    """

    readers: int
    shelves: int
    captured: int
    captured_again: int
    put_off: Sequence[PutOff]
    without_book: int
    unread: int
    unsettled: int
    left_out: int
    emptied: Emptied

    @classmethod
    def of(cls, follower: Follower) -> Self:
        """What the follower has captured so far."""
        return cls(
            readers=len({feed.user_id for feed in follower.feeds}),
            shelves=len(follower.feeds),
            captured=follower.totals.captured,
            captured_again=follower.totals.again,
            put_off=[
                PutOff(reader=feed.user_id, shelf=feed.shelf, reason=reason)
                for feed, reason in follower.troubles.items()
            ],
            without_book=follower.totals.without_book,
            unread=follower.totals.unread,
            unsettled=follower.totals.unsettled,
            left_out=follower.possible.left_out,
            emptied=follower.possible.emptied,
        )

    def __str__(self) -> str:
        return self.told()

    def told(self, open_bytes: int = 0) -> str:
        """One line. `open_bytes` is the size of the files that are not finished."""
        shelves = counted(self.shelves, "shelf", "shelves")
        parts = [
            f"{counted(self.captured, 'review')} captured from {shelves} of {counted(self.readers, 'reader')}"
        ]
        if self.captured_again:
            parts.append(f"{self.captured_again:,} of them because they had changed")
        if self.without_book:
            parts.append(f"reviews without the title of their book: {self.without_book:,}")
        if self.put_off:
            parts.append(f"{len(self.put_off):,} put off")
        if self.unread:
            parts.append(f"reviews that could not be read: {self.unread:,}")
        if self.unsettled:
            parts.append(f"shelves that changed all the time: {self.unsettled:,}")
        if open_bytes:
            parts.append(f"{humanize.naturalsize(open_bytes)} open")
        if self.left_out:
            parts.append(f"{counted(self.left_out, 'record')} left out for an impossible key")
        if emptied := str(self.emptied):
            parts.append(emptied)
        return ", ".join(parts)


def summary(follower: Follower, open_bytes: int = 0) -> str:
    """What the follower has captured, in one line."""
    return FollowerSummary.of(follower).told(open_bytes)


def line(follower: Follower) -> str:
    """The summary of a follower at work."""
    return summary(follower, follower.spool.size())


def _feeds(readers: Sequence[str], file: Path | None, shelves: Sequence[str], base_url: str) -> list[Feed]:
    if any(map(has_key, readers)):
        raise typer.BadParameter(
            "an address with a key is a secret, and everybody on this machine can read command lines; put the address into a file "
            "and give --file, or set GOODREADS_FEED_KEY",
            param_hint="USER",
        )
    try:
        everybody = [*named(readers), *(readers_in(file) if file else [])]
        feeds = feeds_of(everybody, shelves, key_in_environment(), base_url)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="USER") from None
    if not feeds:
        raise typer.BadParameter(
            "there is nobody to follow; give numbers of readers, or a file of them: --file", param_hint="USER"
        )
    return feeds


def _followed(
    feeds: Sequence[Feed],
    spool: Path,
    base_url: str,
    rate: float,
    limits: Limits,
    stop: Stop,
    changed: Callable[[Follower], None],
) -> Follower:
    pace = Pace(rate, stop)
    with held(spool, _HANDOVER_SECONDS) as mine, closing(FeedClient(base_url, pace, stop)) as client:
        follower = Follower(client, feeds, mine, limits, stop, changed)
        pace.before_long_wait = follower.finish
        follower.run()
        return follower
