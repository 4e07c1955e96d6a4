"""`pipeline replay`: lands rejected rows and files again."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from local_cloud.state import StateFolder
from operations.errors import OperationError
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.replay.display import show_export, show_landed
from operations.replay.export import export as export_rejects
from operations.replay.landing import land
from operations.replay.landing import replay as land_rejects
from operations.terminal import console, told
from operations.zones import zones_of


def replay(
    run: Annotated[str, typer.Argument(help="Name of the run that rejected the rows or files.")],
    export: Annotated[
        Path | None,
        typer.Option(help="Only write the rejects to this new folder, where you can repair them."),
    ] = None,
    repaired: Annotated[
        Path | None,
        typer.Option("--from", help="Land the repaired files of this folder instead of the rejects."),
    ] = None,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
) -> None:
    """Put the rows and files that a run rejected back into the landing zone, as they are or repaired."""
    with told(), ExitStack() as stack:
        if export and repaired:
            raise OperationError(
                "give --export first, then repair the files, then give --from: not both at once"
            )
        zones = stack.enter_context(zones_of(StateFolder(state), name, on_aws=aws))
        if export:
            overview = export_rejects(zones, run, export)
            console.answer(
                {"run_id": run, "exported": str(export), "landed": []},
                lambda: show_export(console, overview, export),
            )
        else:
            landed = land(zones, run, repaired) if repaired else land_rejects(zones, run)
            files = [{"key": file.key, "bytes": file.bytes} for file in landed]
            console.answer(
                {"run_id": run, "exported": None, "landed": files}, lambda: show_landed(console, landed)
            )
