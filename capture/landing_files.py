"""Writes records to a store, as CSV files of a limited size."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa
import pyarrow.csv as pa_csv

from catalog import Dataset
from landing.stores import Store


@dataclass(frozen=True)
class Batch:
    """Consecutive records as text, and the number of the line of the first record."""

    first: int
    rows: pa.Table


@dataclass(frozen=True)
class Files:
    """How many files and bytes were written."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "Files") -> "Files":
        return Files(self.files + other.files, self.bytes + other.bytes)


def _always() -> bool:
    return True


def write_files(
    store: Store,
    dataset: Dataset,
    stem: str,
    batches: Iterable[Batch],
    *,
    files_of: int,
    is_whole: Callable[[], bool] = _always,
) -> Files:
    """Write `authors/<stem>-000000001.csv` and so on; a file ends with the batch that brings it to `files_of` bytes.

    A repeated import replaces its own files: a file is named after the number of its first line, and after the last batch all other files of
    the stem are removed. They stay if `is_whole` says after the last batch that the source could not be read to its end.
    """
    written, names = Files(), set[str]()
    remaining = iter(batches)
    for batch in remaining:
        name = f"{dataset.name}/{stem}-{batch.first:09}.csv"
        size = store.write(name, _content(dataset, chain([batch], remaining), files_of))
        written += Files(1, size)
        names.add(name)
    if is_whole():
        _remove_others(store, f"{dataset.name}/{stem}-", names)
    return written


def _remove_others(store: Store, beginning: str, names: Collection[str]) -> None:
    """Remove the files that an earlier import of the same stem wrote and that are not among the `names`."""
    of_the_stem = re.compile(re.escape(beginning) + r"[0-9]{9,}\.csv")  # not those of <stem>-first-3
    for name in store.names(beginning):
        if of_the_stem.fullmatch(name) and name not in names:
            store.remove(name)


def _content(dataset: Dataset, batches: Iterable[Batch], files_of: int) -> Iterator[bytes]:
    """A header and as many of the `batches` as fit into a file."""
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
    """The rows as CSV without a header; every field is quoted unless it is NULL.

    Arrow writes them: it takes a quarter of the time of the csv module.
    """
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(rows, sink, pa_csv.WriteOptions(include_header=False))
    text: bytes = sink.getvalue().to_pybytes()
    return text
