"""`python -m capture upload`: moves finished files to the landing zone."""

from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError
from rich.console import Console

from capture import options
from capture.errors import CaptureError
from capture.logs import log_to
from capture.stopping import stopped_by_signals
from capture.uploader.landing_zone import Landing
from capture.uploader.uploader import Uploader
from command_line.answers import answers
from command_line.telling import told
from landing.bucket import SCHEME
from landing.errors import StoreError


def upload(
    *,
    spool: Annotated[Path, typer.Option(help="Folder that the collector writes to.", file_okay=False)],
    to: Annotated[str, typer.Option(help="The landing zone: s3://bucket or s3://bucket/prefix.")],
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Upload the files that are ready and end; the exit code is 1 if a file could not be landed.",
        ),
    ] = False,
    every: Annotated[
        float,
        typer.Option(parser=options.seconds, metavar="TIME", help="How often to look for finished files."),
    ] = "5s",  # type: ignore[assignment]
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="When the command ends, write what was uploaded as one JSON document to stdout."
        ),
    ] = False,
) -> None:
    """Move the finished files of a spool to the landing zone until Ctrl-C or SIGTERM.

    Endpoint and credentials come from the environment, as for the AWS CLI. While the landing zone cannot be used, files
    wait in the spool. Several uploaders may share a spool. After an uploader was killed, just start it again.
    """
    answers.choose(as_json=as_json)
    console = Console(stderr=True)
    log_to(console)
    landing = _landing(to)
    with (
        told(console, CaptureError, StoreError, also=answers.failed),
        stopped_by_signals() as stop,
    ):
        uploader = Uploader(spool, landing, stop)
        if once:
            uploader.upload_ready()
        else:
            uploader.keep_uploading(every)
    answers.give(uploader.totals, lambda: console.print(str(uploader.totals)))
    if once and uploader.totals.failures:
        raise typer.Exit(1)


def _landing(address: str) -> Landing:
    if not address.startswith(SCHEME):
        raise typer.BadParameter(f"{address!r} is not an address like s3://bucket/prefix", param_hint="--to")
    try:
        return Landing.at(address)
    except (ValueError, BotoCoreError) as error:
        raise typer.BadParameter(str(error), param_hint="--to") from None
