"""Landing files of one dataset: their names, and writing them whole or not at all."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from catalog import Dataset


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How files are named and packed below `folder`.

    `reviews.csv`, or with `parts` `reviews/part-00000.csv` and so on; `.csv.gz` with `compress`.
    """

    folder: Path
    parts: bool
    compress: bool

    @property
    def _suffix(self) -> str:
        return ".csv.gz" if self.compress else ".csv"

    def path(self, dataset: Dataset, number: int) -> Path:
        """File `number`, from 0, of the dataset; without parts there is only one."""
        name = f"{dataset.landing_name}/part-{number:05}" if self.parts else dataset.landing_name
        return self.folder / f"{name}{self._suffix}"

    def existing(self, dataset: Dataset) -> list[Path]:
        """Files of an earlier run: they would be replaced, or be left among the new parts."""
        name = f"{dataset.landing_name}/part-*" if self.parts else dataset.landing_name
        return sorted(self.folder.glob(f"{name}{self._suffix}"))

    @contextmanager
    def writing(self, path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
        """A stream whose bytes become the file when the block ends; after an error there is no file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        try:
            with partial.open("wb") as file:
                if self.compress:
                    # Its header would hold name and time: without them equal records give equal files.
                    with gzip.GzipFile("", "wb", 1, file, mtime=0) as packed:
                        yield packed
                else:
                    yield file
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
