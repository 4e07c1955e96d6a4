"""The start of a landing file: what it is, and its first record."""

import codecs
import csv
import io

GZIP_MAGIC = b"\x1f\x8b"

_FORMATS = {
    GZIP_MAGIC: "gzip, which only a name with .gz at its end announces, and only once",
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


def other_than_text(content: bytes) -> str | None:
    """What a file is, if its first bytes say that it is no UTF-8 text."""
    kind = next((kind for magic, kind in _FORMATS.items() if content.startswith(magic)), None)
    if kind:
        return f"the file is not text but {kind}; expected CSV"
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), None)
    return f"the file is {encoding}; write it as UTF-8" if encoding else None


def first_record(text: str, is_whole: bool) -> tuple[tuple[str, ...] | None, str | None]:
    """The names in the first CSV record, or why there are none: (names, problem).

    `text` may be decoded with surrogateescape: only the record itself has to be UTF-8. Unless it `is_whole`
    the text may break off anywhere.
    """
    lines = io.StringIO(text)
    try:
        names, broken = next(csv.reader(iter(lines.readline, ""), strict=True)), ""
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
    return tuple(name.strip() for name in names), None


def _encoding_problem(record: str) -> str | None:
    if "\x00" in record:
        return "the file is not text: its header contains NUL bytes"
    try:
        record.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError as error:
        return f"the header is not UTF-8 text ({error})"
    return None
