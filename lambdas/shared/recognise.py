"""Which dataset a landing object belongs to, by its name and its header."""

import csv
import io
import zlib

from catalog import DATASETS, Dataset

HEADER_BYTES = 65536
"""How much of a file is read for its header; a longer header is not one of ours."""

_SUFFIXES = (".csv", ".csv.gz")


def dataset_of(key: str) -> Dataset | None:
    """The dataset that a landing key names, or None.

    `author.csv` and `authors.csv` in the root and anything in a folder `author/` or `authors/` are authors;
    likewise for the others. The name ends with .csv or .csv.gz.
    """
    stem = next((key.removesuffix(suffix) for suffix in _SUFFIXES if key.endswith(suffix)), None)
    if stem is None:
        return None
    folder_or_name = stem.lstrip("/").split("/")[0]
    for dataset in DATASETS:
        if folder_or_name in (dataset.name, dataset.landing_name):
            return dataset
    return None


def unknown_name_problem(key: str) -> str:
    """Why a key whose dataset is unknown cannot be used, and what would be recognised."""
    expected = ", ".join(f"{dataset.landing_name}.csv or {dataset.name}/<name>.csv" for dataset in DATASETS)
    return f"{key!r} names no known dataset; expected {expected}, each optionally with .gz"


def read_header(key: str, head: bytes) -> tuple[tuple[str, ...] | None, str | None]:
    """The column names in the first bytes of a file, or why there are none: (columns, problem).

    (None, None) means that the file holds nothing at all.
    """
    try:
        if key.endswith(".gz"):
            head = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(head, HEADER_BYTES)
        text = _whole_characters(head).removeprefix("\ufeff")
    except zlib.error as error:
        return None, f"the name ends with .gz but the content is not gzip ({error})"
    except UnicodeDecodeError as error:
        return None, f"the header is not UTF-8 text ({error})"
    if not text.strip():
        return None, None
    if "\x00" in text:
        return None, "the file is not text: it contains NUL bytes"
    return tuple(name.strip() for name in next(csv.reader(io.StringIO(text)))), None


def header_problem(dataset: Dataset, columns: tuple[str, ...]) -> str | None:
    """Why a file with this header cannot be loaded, or None if it can.

    A missing column is refused rather than read as NULL: the newest version of a record replaces the
    older one as a whole, so the column's values would be erased from the warehouse.
    """
    missing = [name for name in dataset.column_names if name not in columns]
    if missing:
        return (
            f"the header lacks {', '.join(missing)}; found {', '.join(columns)}; "
            f"expected the columns {', '.join(dataset.column_names)} in any order"
        )
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        return f"the header names {', '.join(repeated)} more than once"
    return None


def header_drift(dataset: Dataset, columns: tuple[str, ...]) -> str | None:
    """How a usable header differs from the catalog's, or None if it does not."""
    extra = [name for name in columns if name not in dataset.column_names]
    if extra:
        return f"{dataset.name}: unknown columns {', '.join(extra)} are ignored"
    if columns != dataset.column_names:
        return f"{dataset.name}: the columns come in another order, {', '.join(columns)}"
    return None


def _whole_characters(head: bytes) -> str:
    """Decode UTF-8 whose last character may be cut off by the reading limit."""
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end == len(head) and error.start >= len(head) - 3 and len(head) >= HEADER_BYTES:
            return head[: error.start].decode("utf-8")
        raise
