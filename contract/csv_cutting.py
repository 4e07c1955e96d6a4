"""Finds where a CSV file can be cut into pieces that are CSV too: at the ends of records."""

import codecs
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

# bytes without a line break; a longer line is hardly CSV
_LONGEST_LINE = 16 * 1024 * 1024

# regular: a quote after a comma or line break opens, a quote before one closes, two in a row are one quote of the text
_ODD_QUOTE = re.compile(rb'"(?:(?<![,\n"]")|(?![,\r\n"]))')
# the line begins with white space or a control character, in UTF-8: it may be blank, and a blank line is not a record
_MAYBE_BLANK = re.compile(rb"\n(?:[\x00-\x20\x7f]|\xc2[\x80-\xa0]|\xe1\x9a\x80|\xe2[\x80\x81]|\xe3\x80\x80)")
_LONE_RETURN = re.compile(rb"\r(?!\n)")


class NotCuttableError(Exception):
    """Quotes and line breaks alone do not tell where the file's records end; the message says why."""


@dataclass(frozen=True)
class Piece:
    """The bytes from `start` to before `end` of a file: `records` whole records; `before` records precede them."""

    start: int
    end: int
    before: int
    records: int


def find_pieces(blocks: Iterable[bytes], size: int) -> tuple[Piece, ...]:
    """Splits a file, given as its blocks in order, into pieces of at least `size` bytes; each piece ends with a record.

    The header lies before the first piece. NotCuttableError unless the file is regular: every quote opens or closes a
    field or is doubled, and every line break outside of quotes ends a record. Takes memory for two blocks and a line.
    """
    return _scanned(blocks, size).pieces()


def count_records(blocks: Iterable[bytes]) -> int:
    """The number of records of a file, given as its blocks, without the header; NotCuttableError unless it is regular."""
    return max(0, _scanned(blocks, sys.maxsize).records - 1)


def _scanned(blocks: Iterable[bytes], size: int) -> "_Scan":
    scan = _Scan(size)
    rest = b""
    for block in blocks:
        lines, line_break, rest = (rest + block).rpartition(b"\n")
        scan.read(lines + line_break)
        if len(rest) > _LONGEST_LINE:
            raise NotCuttableError(f"a line is longer than {_LONGEST_LINE} bytes")
    scan.end(rest)
    return scan


@dataclass
class _Scan:
    size: int
    position: int = 0
    records: int = 0
    quoted: bool = False
    wanted: int = 0
    """The earliest position of the next cut; the first cut is after the header."""
    cuts: list[tuple[int, int]] = field(default_factory=list)
    """Positions, each with the number of records before it; the header counts as a record."""

    def read(self, lines: bytes) -> None:
        """Take the file's next lines; the last one has its line break."""
        while end := _record_end(lines, max(0, self.wanted - self.position), quoted=self.quoted):
            self._pass(lines[:end])
            self.cuts.append((self.position, self.records))
            self.wanted = self.position + self.size
            lines = lines[end:]
        self._pass(lines)

    def end(self, last_line: bytes) -> None:
        """Take the file's last line, without a line break; it may be empty."""
        if last_line:
            self._pass(last_line + b"\n")
            self.position -= 1
        if self.quoted:
            raise NotCuttableError("a quote is never closed")

    def pieces(self) -> tuple[Piece, ...]:
        """The pieces, once the whole file was read."""
        cuts = pairwise([*self.cuts, (self.position, self.records)])
        pieces = [
            Piece(start, end, before - 1, until - before)
            for (start, before), (end, until) in cuts
            if end > start
        ]
        if not pieces:
            raise NotCuttableError("there is nothing after the header")
        return tuple(pieces)

    def _pass(self, lines: bytes) -> None:
        text = lines if self.position else lines.removeprefix(codecs.BOM_UTF8)
        texts = text.split(b'"')
        ends_quoted = self.quoted != (len(texts) % 2 == 0)
        # the text outside of quotes, as if every quoted text were empty
        outside = (b',"' if self.quoted else b"\n") + b'"'.join(texts[self.quoted :: 2])
        _require_regular(outside + b'",' if ends_quoted else outside)
        self.records += outside.count(b"\n") - (not self.quoted)
        self.quoted = ends_quoted
        self.position += len(lines)


def _require_regular(outside: bytes) -> None:
    if _ODD_QUOTE.search(outside):
        raise NotCuttableError("a quote is neither at the start nor at the end of a field, nor doubled")
    if _MAYBE_BLANK.search(outside):
        raise NotCuttableError("a line begins with white space")
    if _LONE_RETURN.search(outside):
        raise NotCuttableError("a line ends with a carriage return only")


def _record_end(lines: bytes, start: int, *, quoted: bool) -> int | None:
    """The first position after `start` that follows a line break outside of quotes; None if there is none."""
    if start >= len(lines):
        return None
    quoted = quoted != bool(lines.count(b'"', 0, start) % 2)
    while (line_break := lines.find(b"\n", start)) >= 0:
        quoted = quoted != bool(lines.count(b'"', start, line_break) % 2)
        start = line_break + 1
        if not quoted:
            return start
    return None
