"""`pipeline contract`: what readers and producers may rely on, and what a delivery would do."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from local_cloud.state import StateFolder
from operations.errors import OperationError
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Context, Name, OnAws, State
from operations.terminal import console, told
from sql.open_contract import contract_page, open_contract


def contract(
    check: Annotated[
        Path | None,
        typer.Option(
            "--check", help="A file or a folder: tell what its delivery would do. Nothing is published."
        ),
    ] = None,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
    context: Context = None,
) -> None:
    """Print the contract of the data, in the Open Data Contract Standard; with --check, tell what a delivery would do."""
    with told():
        if check is None:
            console.answer(
                open_contract(),
                lambda: console.print(Text(contract_page()), soft_wrap=True, end="", highlight=False),
            )
            return
        if aws:
            raise OperationError(
                "--check runs the delivery on a copy of this machine's warehouse, and Redshift cannot be copied to it: leave --aws "
                "out, and give --state with a folder that holds a comparable warehouse"
            )
        would_publish = _check(check, StateFolder(state), name, context or [])
    sys.exit(0 if would_publish else 1)


def _check(source: Path, state: StateFolder, name: str, context: list[str]) -> bool:
    from operations import delivery  # noqa: PLC0415 - the emulator takes seconds to import, and to print needs none of it

    outcome = delivery.check(source, state, name, context, console)
    console.answer(outcome.document(source), lambda: delivery.show(console, outcome, source))
    return outcome.would_publish
