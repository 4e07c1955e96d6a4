"""In which order a file has its columns."""

from collections.abc import Callable
from dataclasses import dataclass

from catalog import Dataset

EXTRA = "shelf"
"""A column that the catalog does not know."""

EXTRA_FIELD = "to-read"


@dataclass(frozen=True)
class Format:
    """The columns of a file in their order: those of a dataset, and perhaps EXTRA."""

    columns: tuple[str, ...]

    @property
    def header(self) -> bytes:
        """The file's first line."""
        return (",".join(self.columns) + "\n").encode()


FormatOf = Callable[[int], Format]
"""The format of the file of a number, from 0."""


def usual(dataset: Dataset) -> Format:
    """The catalog's order."""
    return Format(dataset.column_names)


def drifted(dataset: Dataset) -> Format:
    """As if another version of the capture had written it: the other way round, and with EXTRA in front."""
    return Format((EXTRA, *reversed(dataset.column_names)))
