"""Options of the command line, as values."""

import typer

from catalog import Dataset, dataset_named
from faker_tool.faults import Faults
from faker_tool.sizes import size_in_bytes


def size(text: str) -> int:
    """Bytes, from texts like 500kB or 11.4GB."""
    try:
        return size_in_bytes(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def named_datasets(text: str) -> tuple[Dataset, ...]:
    """From names with commas between."""
    try:
        return tuple(dataset_named(name.strip()) for name in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--datasets") from None


def faults_of(texts: list[str]) -> Faults:
    """From texts like late=0.01."""
    try:
        return Faults.parse(texts)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None
