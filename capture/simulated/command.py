"""`python -m capture simulate`: serves a simulated Goodreads."""

import signal
import threading
from typing import Annotated

import typer

from capture.simulated import Fault, simulated_goodreads
from capture.simulated.faults import parsed_rates


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
    slow_seconds: Annotated[float, typer.Option(help="Seconds that a slow answer takes.", min=0)] = 5,
) -> None:
    """Serve a made-up Goodreads API until Ctrl-C or SIGTERM."""
    try:
        rates = parsed_rates(fault or [])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None
    ended = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: ended.set())
    try:
        with simulated_goodreads(
            seed=seed, reviews=reviews, rate=rate, faults=rates, slow_seconds=slow_seconds, port=port
        ) as goodreads:
            typer.echo(_introduction(goodreads.url))
            ended.wait()
            typer.echo(
                f"{len(goodreads.published):,} reviews were published, {len(goodreads.requests):,} requests were answered"
            )
    except OSError as error:
        raise typer.BadParameter(
            f"port {port}: {error.strerror}; give another port", param_hint="--port"
        ) from None


def _introduction(url: str) -> str:
    return (
        f"Goodreads is simulated at {url} (any key will do). In another terminal:\n\n"
        f"python -m capture collect --base-url {url} --key any --spool spool\n\n"
        "Ctrl-C ends it."
    )
