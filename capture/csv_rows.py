"""Reads CSV files row by row, so that a row with a faulty quote costs one line and not the rows after it; and says what a wrong file begins with."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

_LARGEST_FIELD = 2**31 - 1  # characters; the module's own limit of 131,072 is less than the longest reviews
GZIP = b"\x1f\x8b"
"""How a gzip archive begins."""

_SHOWN = 5  # columns
_CUT = 40  # characters of a column


class CsvRow(NamedTuple):
    """A row. `line` is the number of its first line; `fields` is None if the quotes are faulty; `text` is how the file has it."""

    line: int
    fields: list[str] | None
    text: str


def rows_in(file: TextIO) -> Iterator[CsvRow]:
    """The rows of a file that was opened with newline="", the header first.

    A quote that is not closed takes in the lines after it, up to any other quote. So if the quotes of a row are faulty, or if a row of several
    lines has another number of fields than the header, then only its first line is given, and reading goes on with the second.
    """
    csv.field_size_limit(_LARGEST_FIELD)
    lines, at, width = list(file), 0, None
    reader, begin = csv.reader(lines, strict=True), 0
    while at < len(lines):
        try:
            fields = next(reader)
        except csv.Error:
            fields = None
        end = begin + reader.line_num
        width = width or len(fields or [])
        if fields is None or (end > at + 1 and len(fields) != width):
            begin = end = at + 1
            reader = csv.reader(map(lines.__getitem__, range(begin, len(lines))), strict=True)
        yield CsvRow(at + 1, fields, "".join(lines[at:end]))
        at = end


def header_told(header: Sequence[str] | None, head: bytes = b"") -> str:
    """What a file begins with in place of the expected columns, for a message that a terminal can show.

    `header` is the first row, None if its quotes are faulty; `head` the first bytes of the file.
    """
    if head.startswith(GZIP):
        return "a gzip archive (unpack it first)"
    if header is None:
        return "a first line with a quote that is not closed"
    if not any(header):
        return "a first line without columns"
    shown = ", ".join(repr(name[:_CUT]) for name in header[:_SHOWN])
    return f"the columns {shown}" + (", ..." if header[_SHOWN:] else "")


def head_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(len(GZIP))


def not_utf8_told(path: Path) -> str | None:
    """What is wrong with a file in another encoding than UTF-8, with the number of the first such line; None if the file is UTF-8.

    A name with a wrong character would be another author, with another id.
    """
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return (
            f"{path} is not UTF-8 from line {line:,} on, as if a program had saved it again; save it as UTF-8"
        )
    return None
