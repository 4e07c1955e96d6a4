"""The lines of a dump, numbered, whatever state the file is in."""

import gzip
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_GZIP_SUFFIX = ".gz"
_LONGEST_LINE = 16 * 1024 * 1024  # bytes: the longest text the warehouse holds is 64 kB
_SHOWN = 1000  # bytes of a line that is too long


class Line(NamedTuple):
    """A line from 1 on. With a `problem`, the text is not what it should be."""

    number: int
    text: bytes
    problem: str | None = None


def lines_of(raw: BinaryIO, name: str) -> Iterator[Line]:
    """The lines that are not blank of a dump, unpacked if the name ends with `.gz`; gzip may have several members.

    If the file is empty, or cannot be unpacked to its end, the last line is one with that problem.
    """
    file = gzip.GzipFile(fileobj=raw) if name.endswith(_GZIP_SUFFIX) else raw
    number = 0
    try:
        while text := file.readline(_LONGEST_LINE):
            number += 1
            if len(text) == _LONGEST_LINE and not text.endswith(b"\n"):
                yield Line(number, text[:_SHOWN], _skipped(file, len(text)))
            elif not text.isspace():
                yield Line(number, text)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        problem = (
            f"the file is damaged here or before, and what follows is missing: {error}; download it again"
        )
        yield Line(number + 1, b"", problem)
    else:
        if not number:
            yield Line(1, b"", "the file is empty; download it again")


def _skipped(file: BinaryIO | gzip.GzipFile, size: int) -> str:
    """Skip the rest of a line of which `size` bytes were read; what is the matter with it."""
    while text := file.readline(_LONGEST_LINE):
        size += len(text)
        if text.endswith(b"\n"):
            break
    return f"the line has {size:,} bytes, expected at most {_LONGEST_LINE:,}; only its start is kept"
