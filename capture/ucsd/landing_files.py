"""Records as CSV files of a limited size in a store."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa
import pyarrow.csv as pa_csv

from catalog import Dataset
from landing.stores import Store


@dataclass(frozen=True)
class Batch:
    """Some records in their order, as text, and the number of the first one's line."""

    first: int
    rows: pa.Table


@dataclass(frozen=True)
class Files:
    """How many files and bytes were written."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "Files") -> "Files":
        return Files(self.files + other.files, self.bytes + other.bytes)


def write_files(
    store: Store, dataset: Dataset, stem: str, batches: Iterable[Batch], *, files_of: int
) -> Files:
    """Write `authors/<stem>-000000001.csv` and so on; a file ends with the batch that brings it to `files_of` bytes.

    A file is named after the line that it begins with, so an import that is repeated replaces its own files.
    """
    written = Files()
    remaining = iter(batches)
    for batch in remaining:
        name = f"{dataset.name}/{stem}-{batch.first:09}.csv"
        size = store.write(name, _content(dataset, chain([batch], remaining), files_of))
        written += Files(1, size)
    return written


def _content(dataset: Dataset, batches: Iterable[Batch], files_of: int) -> Iterator[bytes]:
    """A header and records; takes from `batches` what fits."""
    header = (",".join(dataset.column_names) + "\n").encode()
    yield header
    size = len(header)
    for batch in batches:
        text = csv_text(batch.rows)
        yield text
        size += len(text)
        if size >= files_of:
            return


def csv_text(rows: pa.Table) -> bytes:
    """The rows without a header. Each field is quoted, but those that are NULL.

    By Arrow, which takes a quarter of the time of the csv module.
    """
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(rows, sink, pa_csv.WriteOptions(include_header=False))
    text: bytes = sink.getvalue().to_pybytes()
    return text
