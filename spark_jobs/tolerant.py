"""Reads CSV record by record, so that a badly quoted record costs only itself.

Python's strict parser splits each record. Where it refuses one, nobody knows for certain whether the next line begins a record or
belongs to a quoted text that goes on. So the following lines are read both ways. One of the two soon meets a quote out of place,
as each quote that opens a text in one reading closes one in the other. If that is the second reading, the next line begins a record. If it
is the first, the lines up to the end of the text are doubtful and are rejected together. A record of several lines is read both ways, too:
the quote at the end of its text may be missing.
"""

import csv
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contract.rejects import BYTES
from spark_jobs.borders import COMPARED, scan

FIELD_COUNT, QUOTING = "field_count", "quoting"

MAX_RECORD_CHARACTERS = 16 * 1024 * 1024
"""A record beyond this is hardly one: a quote is never closed. Its first line is rejected, and the next line begins a record."""

_KEPT_CHARACTERS = 64 * 1024  # of a single line beyond MAX_RECORD_CHARACTERS
# a quote out of place, inside and outside of quotes: if somebody lands the text again, it is no record of fewer characters
_CUT = ',"cut" here: the line has more than {most} bytes, of which the first {kept} are kept'

# what csv would take for a line end or refuse, as characters that no byte has
_STAND_INS = {"\r": "\ue000", "\x00": "\ue001"}
_RETURNED = str.maketrans({stand_in: sign for sign, stand_in in _STAND_INS.items()})
_LONE_RETURN = re.compile(rb"\r(?!\n|\Z)")
_LONE_RETURN_IN_TEXT = re.compile(_LONE_RETURN.pattern.decode())
_ESCAPED_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*\\"(?!\r?\n|,|\Z)')


class _EndlessRecordError(Exception):
    """A record has more than MAX_RECORD_CHARACTERS."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the file, one character per byte: its fields, or the rule that it breaks and its text `raw`."""

    fields: Sequence[str] = ()
    fault: str | None = None
    raw: str = ""

    @property
    def has_backslashes(self) -> bool:
        """Whether a fault looks like the dialect in which a backslash stands before a quote."""
        return self.fault is not None and _ESCAPED_QUOTE.search(self.raw) is not None


def read_tolerantly(lines: "Lines", width: int, size: int = sys.maxsize) -> Iterator[Record]:
    """The records that begin in the first `size` bytes of the lines; those with another number of fields than `width` have a fault.

    Empty lines are no records. A line that is cut off is the last one.
    """
    records = csv.reader(lines, strict=True)
    while lines.size < size and not lines.is_cut_off:
        lines.begin()
        try:
            fields = next(records, None)
        except csv.Error:
            yield _refused(lines, width)
            continue
        except _EndlessRecordError:
            lines.keep(1)
            yield Record(fault=QUOTING, raw=_shortened(_raw(lines.taken)))
            continue
        if fields is None:
            return
        if len(fields) == width:
            yield _of_this_width(lines, fields)
        elif fields:
            yield _of_another_width(lines)


def is_nothing(text: str) -> bool:
    """Whether a text is white space and control characters only."""
    return all(unicodedata.category(sign) in ("Zs", "Zl", "Zp", "Cc") for sign in text)


class Lines:
    """Lines with their ends, one character per byte; `taken` are those since `begin`, and lines that were only looked at are given back.

    `size` is the number of bytes of all lines that were taken and kept. A line beyond MAX_RECORD_CHARACTERS may come without its end; then
    no other line may follow.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._is_odd = False
        self._returned: list[str] = []
        self._begun = 0
        self.size = 0
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """The next line, also after the end if lines were given back."""
        self._refuse_endless()
        line = self._returned.pop() if self._returned else next(self._lines)
        self.taken.append(line)
        self.size += len(line)
        self._refuse_endless()
        if "\x00" in line or ("\r" in line and _LONE_RETURN_IN_TEXT.search(line)):
            self._is_odd = True
            return self._without_odd_signs(line)
        return line

    @property
    def is_cut_off(self) -> bool:
        """Whether the last line kept is too long and has no end: the text may go on in the same line."""
        if not self.taken or self._returned:
            return False
        return len(self.taken[-1]) > MAX_RECORD_CHARACTERS and not self.taken[-1].endswith("\n")

    def _refuse_endless(self) -> None:
        if self.size - self._begun > MAX_RECORD_CHARACTERS:
            raise _EndlessRecordError

    def begin(self) -> None:
        """Forget what was taken."""
        self.taken.clear()
        self._begun = self.size
        self._is_odd = False

    def keep(self, number: int) -> None:
        """Give back all lines taken but the first ones."""
        given_back = self.taken[number:]
        self.size -= sum(map(len, given_back))
        self._returned += reversed(given_back)
        del self.taken[number:]

    def original(self, fields: Sequence[str]) -> Sequence[str]:
        """The fields as they are in the file."""
        return [field.translate(_RETURNED) for field in fields] if self._is_odd else fields

    @staticmethod
    def _without_odd_signs(line: str) -> str:
        line = _LONE_RETURN_IN_TEXT.sub(_STAND_INS["\r"], line)
        return line.replace("\x00", _STAND_INS["\x00"])


def _refused(lines: Lines, width: int) -> Record:
    """A record that the parser refused: its first line if each line after it is a record, as the quote at the end of its text is missing."""
    own = len(lines.taken)
    several = _Reading(lines, 1, "", width)
    while several.fits and several.end < own:
        several.go_on()
    # a last line with a quote may be the one that has it out of place: it need not fit if others do
    others_fit = several.fitted == own - 1 and '"' in lines.taken[own - 1]
    if several.records and (several.fits or others_fit):
        lines.keep(1)
        return Record(fault=QUOTING, raw=_raw(lines.taken))
    if own > 1 and _is_record_of_one_line(lines, own - 1, width):
        lines.keep(own - 1)
        return Record(fault=QUOTING, raw=_raw(lines.taken))
    return _with_doubtful_lines(lines, QUOTING, own)


def _is_record_of_one_line(lines: Lines, start: int, width: int) -> bool:
    """Whether the line after the first `start` ones is a record with all fields, and the record after it is one, too."""
    reading = _Reading(lines, start, "", width)
    reading.go_on()
    if not reading.fits or reading.end != start + 1:
        return False
    reading.go_on()
    return reading.fits


def _of_this_width(lines: Lines, fields: Sequence[str]) -> Record:
    if len(lines.taken) == 1:
        return Record(lines.original(fields))
    if not _is_regular(_raw(lines.taken)):
        return _with_doubtful_lines(lines, QUOTING, len(lines.taken))
    return (
        Record(lines.original(fields))
        if _is_one(lines, len(fields))
        else Record(fault=QUOTING, raw=_raw(lines.taken))
    )


def _of_another_width(lines: Lines) -> Record:
    raw = _raw(lines.taken)
    # a quote that is never closed makes one record of the rest of the file
    fault = QUOTING if raw.count('"') % 2 else FIELD_COUNT
    if _is_regular(raw):
        return Record(fault=fault, raw=raw)
    return _with_doubtful_lines(lines, fault, len(lines.taken))


def _with_doubtful_lines(lines: Lines, fault: str, own: int) -> Record:
    """The record of the first `own` lines taken, with the lines after it if they rather are the rest of a quoted text that began in it."""
    outside, inside = _Reading(lines, own, ""), _Reading(lines, own, '"')
    _go_on_together(outside, inside)
    if inside.first_end and not outside.fits and (inside.fits or outside.end < inside.end):
        lines.keep(inside.first_end)
        return Record(fault=QUOTING, raw=_raw(lines.taken))
    lines.keep(own)
    return Record(fault=fault, raw=_raw(lines.taken))


def _is_one(lines: Lines, width: int) -> bool:
    """Whether the lines just taken are one record, rather than one whose text lacks its second quote, and others."""
    own = len(lines.taken)
    several, one = _Reading(lines, 1, "", width), _Reading(lines, own, "", is_regular=False)
    while several.fits and several.end < own:  # most texts end here
        several.go_on()
    if not several.fits:
        lines.keep(own)
        return True
    _go_on_together(one, several)
    is_one = one.fits or (not several.fits and several.end <= one.end)
    lines.keep(own if is_one else 1)
    return is_one


def _go_on_together(reading: "_Reading", other: "_Reading") -> None:
    """Read with both until the lines of the first quote out of place."""
    while reading.fits and other.fits and not (reading.at_end and other.at_end):
        min(reading, other, key=lambda each: each.end).go_on()
    while other.fits and other.end < reading.end:
        other.go_on()
    while reading.fits and reading.end < other.end:
        reading.go_on()


class _Reading:
    """Reads lines ahead, record by record, until a quote is out of place; then it no longer `fits`.

    It begins after the first `start` lines taken, as if `before` preceded them. `end` is the number of lines taken until the
    end of the last record read, sys.maxsize if the file has ended or it has read far enough, COMPARED records with quotes; `first_end` is that of the first record, `fitted` that of the last
    one that fits, `records` the number of those that fit. With `width`, a record with another number of fields does not fit either. Unless `is_regular`, only what the parser
    refuses does not fit.
    """

    def __init__(
        self, lines: Lines, start: int, before: str, width: int | None = None, *, is_regular: bool = True
    ) -> None:
        self._source = lines
        self._start = start
        self._before = before
        self._width = width
        self._is_regular = is_regular
        self._records = csv.reader(self._following(), strict=True)
        self.end = start
        self.first_end = 0
        self.fitted = start
        self.records = 0
        self.fits = True
        self._quoted = 0

    @property
    def at_end(self) -> bool:
        """Whether there is nothing more to read."""
        return self.end == sys.maxsize

    def go_on(self) -> None:
        """Read one record."""
        start, read = self.end, ""
        try:
            fields = next(self._records, None)
            at_end = fields is None
            read = "".join(self._source.taken[start : self.end])
            read = self._before + read if start == self._start else read
            self.fits = not self._is_regular or _is_regular(read)
            if self._width and fields:
                self.fits = self.fits and len(fields) == self._width
        except csv.Error:  # also where the file ends within quotes
            fields, at_end, self.fits = None, False, False
        except _EndlessRecordError:  # far enough: no quote was out of place so far
            fields, at_end = None, self.records > 0
            self.fits = at_end
        self.first_end = self.first_end or self.end
        if self.fits:
            self.fitted = self.end
            self.records += bool(fields)
            self._quoted += '"' in read
            at_end = at_end or self._quoted > COMPARED
        if at_end:
            self.end = sys.maxsize

    def _following(self) -> Iterator[str]:
        while self.end < len(self._source.taken) or next(self._source, None) is not None:
            line = self._source.taken[self.end]
            self.end += 1
            yield self._before + line if self.end == self._start + 1 else line


def _is_regular(raw: str) -> bool:
    """Whether every quote of a record opens or closes a field or is doubled."""
    if '"' not in raw:
        return True
    # a field before it, because a record may begin with white space
    content = _LONE_RETURN.sub(b" ", f",{raw}".encode(BYTES))
    return scan(memoryview(content), at_end=True).odd is None


def _raw(lines: Sequence[str]) -> str:
    return "".join(lines).removesuffix("\n").removesuffix("\r")


def _shortened(raw: str) -> str:
    """The text of the first line of an endless record, cut if this line alone is too long."""
    if len(raw) <= max(MAX_RECORD_CHARACTERS, _KEPT_CHARACTERS):
        return raw
    kept = _KEPT_CHARACTERS
    while kept > _KEPT_CHARACTERS - 3 and "\x80" <= raw[kept] <= "\xbf":  # within a character of UTF-8
        kept -= 1
    return raw[:kept] + _CUT.format(most=MAX_RECORD_CHARACTERS, kept=kept)
