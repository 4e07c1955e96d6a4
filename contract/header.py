"""Reads the header of a landed file, and judges it."""

import codecs
import csv
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile

from catalog import Dataset
from contract.keys import is_gzip

HEADER_BYTES = 65536
"""The number of bytes to read for a header; no dataset has a longer header."""

_BLANK = f"the first {HEADER_BYTES} bytes are blank, expected a header"

_GZIP_MAGIC = b"\x1f\x8b"
_FORMATS = {
    _GZIP_MAGIC: "gzip, although its name does not end in .gz (or it was compressed twice)",
    b"PK\x03\x04": "a zip archive or a workbook",
    b"PAR1": "Parquet",
    b"\xd0\xcf\x11\xe0": "an old workbook",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_BYTE_ORDER_MARKS = {  # the longer before those they begin with
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_GZIP = zlib.MAX_WBITS | 16
_OTHER_SEPARATORS = (";", "\t", "|")
_SHOWN = 500  # characters of a wrong header that the message shows


def is_before_header(fields: Sequence[str]) -> bool:
    """Whether a record at the beginning of a file holds nothing but ASCII white space: the header comes after it."""
    return not "".join(fields).strip(" \t\r\n\v\f")


@dataclass(frozen=True)
class Header:
    """The names in a file's header and the bytes up to its first record; or the `problem` with it; or neither, of a file that holds nothing."""

    columns: tuple[str, ...] | None = None
    size: int = 0
    problem: str | None = None

    def problem_for(self, dataset: Dataset) -> str | None:
        """Why a file of the dataset cannot be loaded with this header, or None if it can; one that holds nothing can."""
        return header_problem(dataset, self.columns) if self.columns else self.problem


def read_header(key: str, head: bytes) -> Header:
    """The header in the first HEADER_BYTES of a file; its size is that of the text, also of gzip.

    The function does not look beyond the header: bad bytes there cost their rows, not the file.
    """
    try:
        content, is_whole = _content(key, head)
        return header_of(content, is_whole=is_whole)
    except EOFError:
        return Header(problem="the gzip content is cut off; write the file again")
    except zlib.error as error:
        return Header(
            problem=f"the name ends with .gz but the content is not gzip ({error}); compress it, or name it without .gz"
        )


def header_of(content: bytes, *, is_whole: bool) -> Header:
    """The same from the first HEADER_BYTES of a file's text, unzipped; `is_whole` if there is no more of it."""
    if other := _other_than_text(content):
        return Header(problem=other)
    text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    if not text.strip():
        return Header(problem=None if is_whole else _BLANK)
    lines = io.StringIO(text)
    names, problem = _first_record(lines, text, is_whole=is_whole)
    if names is None:
        return Header(problem=problem)
    return Header(names, len(content) - len(lines.read().encode("utf-8", "surrogateescape")))


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
            names = tuple(columns[0].split(separator))
            return f"the header looks separated by {separator!r}, expected commas; found {_shown(dataset, names, separator)}"
        return (
            f"the header lacks {', '.join(missing)}; found {_shown(dataset, columns, ', ')}; "
            f"expected the columns {', '.join(dataset.column_names)} in any order"
        )
    repeated = sorted({name for name in columns if name in dataset.column_names and columns.count(name) > 1})
    if repeated:
        return f"the header names {', '.join(repeated)} more than once"
    return None


def _shown(dataset: Dataset, names: tuple[str, ...], separator: str) -> str:
    """The names in a message; not if most of them are no columns: a first line that is a record may be about a person."""
    known = sum(name.strip().lower() in dataset.column_names for name in names)
    if 2 * known < len(names):
        return f"{len(names)} fields, most of them no names of columns (not shown: the header may be missing, and this be a record)"
    # a sign that nobody sees would make a missing column look as if it were there
    return separator.join(name if name.isprintable() else ascii(name) for name in names)[:_SHOWN]


def header_drift(dataset: Dataset, columns: tuple[str, ...]) -> str | None:
    """How a usable header differs from the catalog's, or None if it does not; for a person who knows the file's name."""
    extra = dict.fromkeys(name for name in columns if name and name not in dataset.column_names)
    nameless = columns.count("")
    ignored = [f"unknown columns {', '.join(extra)}"] if extra else []
    ignored += [f"columns without a name ({nameless})"] if nameless else []
    if ignored:
        return f"{' and '.join(ignored)} are ignored"
    if columns != dataset.column_names:
        return f"the columns come in another order, {', '.join(columns)}"
    return None


def _content(key: str, head: bytes) -> tuple[bytes, bool]:
    """The content of a file's start, unzipped, and whether it is the whole content; EOFError if gzip is cut off."""
    content, ended = _unzipped(head) if is_gzip(key) else (head, True)
    is_whole = len(head) < HEADER_BYTES and len(content) < HEADER_BYTES
    if is_whole and not ended:
        raise EOFError
    return content, is_whole


def _unzipped(head: bytes) -> tuple[bytes, bool]:
    """Up to HEADER_BYTES of the content of gzip members, and whether the last member was read to its end.

    If something else follows a member, the check of the whole file finds it.
    """
    content, ended, is_first = b"", True, True
    while head and len(content) < HEADER_BYTES and (is_first or head.startswith(_GZIP_MAGIC)):
        member = zlib.decompressobj(wbits=_GZIP)
        content += member.decompress(head, HEADER_BYTES - len(content))
        ended, head, is_first = member.eof, member.unused_data, False
    return content, ended


def _other_than_text(content: bytes) -> str | None:
    """The problem of a file whose first bytes show that it is not UTF-8 text; None for text."""
    kind = next((kind for magic, kind in _FORMATS.items() if content.startswith(magic)), None)
    if kind:
        return f"the file is not text but {kind}; expected CSV"
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), None)
    return f"the file is {encoding}; write it as UTF-8" if encoding else None


def _first_record(
    lines: io.StringIO, text: str, *, is_whole: bool
) -> tuple[tuple[str, ...] | None, str | None]:
    """The names in the first CSV record, or why there are none: (names, problem). Afterwards the lines go on behind it.

    `text` are all the lines; it may be decoded with surrogateescape: only the record itself has to be UTF-8. The text may break off anywhere,
    unless it `is_whole`.
    """
    records = csv.reader(iter(lines.readline, ""), strict=True)
    try:
        names, broken = next(dropwhile(is_before_header, records), []), ""
    except csv.Error as error:
        names, broken = [], str(error)
    record = text[: lines.tell()]
    if "new-line" in broken:
        return None, "the header holds a lone carriage return; expected lines that end with LF or CRLF"
    if not is_whole and len(record) == len(text) and not record.endswith("\n"):
        return None, f"the header does not end within the first {len(text)} characters"
    if broken:
        return None, f"the header is not quoted as CSV ({broken})"
    if problem := _encoding_problem(record):
        return None, problem
    if not names:  # commas and white space only
        return None, None if is_whole else _BLANK
    return tuple(name.strip() for name in names), None


def _encoding_problem(record: str) -> str | None:
    if "\x00" in record:
        return "the file is not text: its header contains NUL bytes, as UTF-16 does; write it as CSV in UTF-8"
    try:
        record.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError as error:
        return f"the header is not UTF-8 text ({error}); write the file as UTF-8"
    return None
