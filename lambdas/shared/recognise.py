"""Which dataset a landing object belongs to, by its name and its header."""

import zlib

from catalog import DATASETS, Dataset
from lambdas.shared.head import GZIP_MAGIC, first_record, other_than_text

HEADER_BYTES = 65536
"""How much of a file is read for its header; a longer header is not one of ours."""

_SUFFIXES = (".csv", ".csv.gz")
_GZIP = zlib.MAX_WBITS | 16
_OTHER_SEPARATORS = (";", "\t", "|")
_SHOWN = 500  # characters of a wrong header that its problem repeats


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

    (None, None) means that the file holds nothing at all. What follows the header is not looked at: bad
    bytes there cost the rows that hold them, not the file.
    """
    try:
        content, is_whole = _content(key, head)
    except EOFError:
        return None, "the gzip content is cut off; write the file again"
    except zlib.error as error:
        return None, f"the name ends with .gz but the content is not gzip ({error})"
    if other := other_than_text(content):
        return None, other
    text = content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    if not text.strip():
        return None, None if is_whole else f"the first {HEADER_BYTES} bytes are blank, expected a header"
    return first_record(text, is_whole)


def header_problem(dataset: Dataset, columns: tuple[str, ...]) -> str | None:
    """Why a file with this header cannot be loaded, or None if it can.

    A missing column is refused rather than read as NULL: the newest version of a record replaces the
    older one as a whole, so the column's values would be erased from the warehouse.
    """
    missing = [name for name in dataset.column_names if name not in columns]
    if missing:
        separator = next(
            (sign for sign in _OTHER_SEPARATORS if len(columns) == 1 and sign in columns[0]), None
        )
        if separator:
            return (
                f"the header looks separated by {separator!r}, expected commas; found {columns[0][:_SHOWN]}"
            )
        return (
            f"the header lacks {', '.join(missing)}; found {', '.join(columns)[:_SHOWN]}; "
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


def _content(key: str, head: bytes) -> tuple[bytes, bool]:
    """What the start of a file holds, unzipped, and whether that is all of it; EOFError if gzip is cut off."""
    content, ended = _unzipped(head) if key.endswith(".gz") else (head, True)
    is_whole = len(head) < HEADER_BYTES and len(content) < HEADER_BYTES
    if is_whole and not ended:
        raise EOFError
    return content, is_whole


def _unzipped(head: bytes) -> tuple[bytes, bool]:
    """Up to HEADER_BYTES of what gzip members hold, and whether the last one was read to its end.

    What follows a member and is no other one is left to the check of the whole file.
    """
    content, ended, is_first = b"", True, True
    while head and len(content) < HEADER_BYTES and (is_first or head.startswith(GZIP_MAGIC)):
        member = zlib.decompressobj(wbits=_GZIP)
        content += member.decompress(head, HEADER_BYTES - len(content))
        ended, head, is_first = member.eof, member.unused_data, False
    return content, ended
