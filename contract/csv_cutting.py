"""Where a CSV file can be cut into pieces that are CSV too: at the ends of records."""

import codecs
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

# bytes kept waiting for a line break; with more between two it is hardly CSV
_LONGEST_LINE = 16 * 1024 * 1024

# an opening quote follows a comma or a line break, a closing one comes before one, two in a row are one of the text
_ODD_QUOTE = re.compile(rb'"(?:(?<![,\n"]")|(?![,\r\n"]))')
# white space or a control character first, in UTF-8: the line may be blank, and then it is no record
_MAYBE_BLANK = re.compile(rb"\n(?:[\x00-\x20\x7f]|\xc2[\x80-\xa0]|\xe1\x9a\x80|\xe2[\x80\x81]|\xe3\x80\x80)")
_LONE_RETURN = re.compile(rb"\r(?!\n)")


class NotCuttableError(Exception):
    """Where the file's records end cannot be told by its quotes and line breaks alone; the message says why."""


@dataclass(frozen=True)
class Piece:
    """Bytes `start` up to, but without, `end` of a file: `records` whole records, with `before` ones before them."""

    start: int
    end: int
    before: int
    records: int


def find_pieces(blocks: Iterable[bytes], size: int) -> tuple[Piece, ...]:
    """The file that the blocks make up, in order, in pieces of `size` bytes and as many more as end a record.

    What lies before the first piece is the header. NotCuttableError unless the file is regular: every quote opens
    or closes a field or is doubled, and every other line break ends a record. Takes memory for two blocks and a line.
    """
    return _scanned(blocks, size).pieces()


def count_records(blocks: Iterable[bytes]) -> int:
    """The records of the file that the blocks make up, its header aside; NotCuttableError unless it is regular."""
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
    """Where the next cut may be at the earliest: the first one is after the header."""
    cuts: list[tuple[int, int]] = field(default_factory=list)
    """Positions, each with the number of records before it, the header among them."""

    def read(self, lines: bytes) -> None:
        """The file's next lines, the last one with its line break."""
        while end := _record_end(lines, max(0, self.wanted - self.position), quoted=self.quoted):
            self._pass(lines[:end])
            self.cuts.append((self.position, self.records))
            self.wanted = self.position + self.size
            lines = lines[end:]
        self._pass(lines)

    def end(self, last_line: bytes) -> None:
        """The file's last line, which may be empty, without a line break."""
        if last_line:
            self._pass(last_line + b"\n")
            self.position -= 1
        if self.quoted:
            raise NotCuttableError("a quote is never closed")

    def pieces(self) -> tuple[Piece, ...]:
        """After the end."""
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
        # what is outside of quotes, as it would be without their contents
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
    """The first position from `start` on just after a line break outside of quotes; None if there is none."""
    if start >= len(lines):
        return None
    quoted = quoted != bool(lines.count(b'"', 0, start) % 2)
    while (line_break := lines.find(b"\n", start)) >= 0:
        quoted = quoted != bool(lines.count(b'"', start, line_break) % 2)
        start = line_break + 1
        if not quoted:
            return start
    return None
