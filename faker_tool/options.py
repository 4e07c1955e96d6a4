"""Reads the command's options; a value that cannot be read is a usage error."""

import typer

from catalog import Dataset, dataset_named
from faker_tool.faults import Faults


def named_datasets(text: str) -> tuple[Dataset, ...]:
    """The datasets whose names the text lists, separated by commas."""
    try:
        return tuple(dataset_named(name.strip()) for name in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--datasets") from None


def faults_of(texts: list[str]) -> Faults:
    """The faults given by texts like late=0.01."""
    try:
        return Faults.parse(texts)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None
