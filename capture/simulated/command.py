"""`python -m capture simulate`: serves a simulated Goodreads."""

import signal
import threading
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

import typer

from capture.simulated import FEED_PAGE, Fault, SimulatedGoodreads, simulated_goodreads
from capture.simulated.faults import parsed_rates
from capture.simulated.world import USERS
from command_line.answers import answers

_SHOWN_READERS = 3


@dataclass(frozen=True, kw_only=True)
class SiteSummary:
    """What a simulated Goodreads did: its address, and how many reviews it published and requests it answered."""

    url: str
    reviews: int
    requests: int

    def __str__(self) -> str:
        return f"{self.reviews:,} reviews were published, {self.requests:,} requests were answered"


def simulate(
    *,
    port: Annotated[
        int, typer.Option(help="Port on localhost; 0 means any free port.", min=0, max=65535)
    ] = 0,
    reviews: Annotated[int, typer.Option(help="Number of reviews at the start.", min=0)] = 20,
    rate: Annotated[float, typer.Option(help="Number of new reviews each second.", min=0)] = 0.5,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal reviews, users, books and authors.")] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=RATE",
            help="Share of the requests that meet a fault, like server_error=0.05; repeat the option for several "
            f"faults. The faults are {', '.join(Fault)}.",
        ),
    ] = None,
    users: Annotated[int, typer.Option(help="Number of people who write the reviews.", min=1)] = USERS,
    feed_page: Annotated[
        int, typer.Option(help="Most reviews in a page of a shelf feed.", min=1)
    ] = FEED_PAGE,
    private: Annotated[
        int,
        typer.Option(
            help="How many of the readers that are printed show their shelves to nobody without a key.", min=0
        ),
    ] = 0,
    gone: Annotated[int, typer.Option(help="How many of the readers that are printed have left.", min=0)] = 0,
    slow_seconds: Annotated[float, typer.Option(help="Seconds that a slow answer takes.", min=0)] = 5,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="After Ctrl-C or SIGTERM, write what was served as one JSON document to stdout; the address and the readers go to stderr at the start.",
        ),
    ] = False,
) -> None:
    """Serve a made-up Goodreads, its API and its shelf feeds, until Ctrl-C or SIGTERM."""
    answers.choose(as_json=as_json)
    try:
        rates = parsed_rates(fault or [])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None
    if private + gone > users:
        raise typer.BadParameter(
            f"{private} private and {gone} gone are more than the {users} users; give more of them: --users",
            param_hint="--private",
        )
    ended = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: ended.set())
    try:
        with simulated_goodreads(
            seed=seed,
            reviews=reviews,
            rate=rate,
            faults=rates,
            slow_seconds=slow_seconds,
            port=port,
            users=users,
            feed_page=feed_page,
        ) as goodreads:
            typer.echo(_introduction(goodreads, private, gone), err=as_json)
            ended.wait()
            served = SiteSummary(
                url=goodreads.url, reviews=len(goodreads.published), requests=len(goodreads.requests)
            )
            answers.give(served, lambda: typer.echo(served))
    except OSError as error:
        raise typer.BadParameter(
            f"port {port}: {error.strerror}; give another port", param_hint="--port"
        ) from None


def _introduction(goodreads: SimulatedGoodreads, private: int, gone: int) -> str:
    """What to do with the site. The last of the readers that it names are private or gone from now on."""
    readers = goodreads.readers[: max(_SHOWN_READERS, private + gone + 1)]
    seen = len(readers) - private - gone
    goodreads.private.update(readers[seen : seen + private])
    goodreads.gone.update(readers[seen + private :])
    return (
        f"Goodreads is simulated at {goodreads.url} (any key will do). In another terminal:\n\n"
        f"python -m capture follow {' '.join(map(str, readers))} --base-url {goodreads.url} --spool spool\n"
        f"python -m capture collect --base-url {goodreads.url} --key any --spool spool\n\n"
        + _said("private, and open to any GOODREADS_FEED_KEY", goodreads.private)
        + _said("gone", goodreads.gone)
        + "Ctrl-C ends it."
    )


def _said(what: str, readers: Collection[int]) -> str:
    return f"These readers are {what}: {' '.join(map(str, sorted(readers)))}\n\n" if readers else ""
