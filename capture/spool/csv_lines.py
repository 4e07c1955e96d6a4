"""Records as the lines of a landing file."""

import csv
import io
from collections.abc import Iterable, Mapping

from catalog import Dataset

Record = dict[str, str]
Records = Mapping[str, list[Record]]
"""The records of each dataset, by its name."""


def header(dataset: Dataset) -> bytes:
    """The first line of a file: the columns in the catalog's order."""
    return _lines([dataset.column_names])


def lines(dataset: Dataset, records: Iterable[Record]) -> bytes:
    """One record a line, RFC 4180, in UTF-8; KeyError for a record that lacks a column."""
    return _lines([record[column] for column in dataset.column_names] for record in records)


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
