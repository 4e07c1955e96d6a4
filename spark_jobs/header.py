"""Reads headers where the records are read: at the beginnings of the files' texts."""

from dataclasses import dataclass, field

from catalog import Dataset
from contract.header import HEADER_BYTES, header_drift, header_of
from spark_jobs.csv_reader import Text


class HeaderError(Exception):
    """The file has no header that its dataset takes; the message says so to the person who can write it again."""


@dataclass(frozen=True)
class FileHeader:
    """The columns of a file, none if it holds nothing at all, and what a person should know of its header."""

    columns: tuple[str, ...] = ()
    remark: str | None = None


_NOTHING = FileHeader(remark="holds nothing")


@dataclass
class Headers:
    """Reads the headers of a dataset's files. Most files begin alike: what was read last is not read again."""

    dataset: Dataset
    _start: bytes = field(default=b"", init=False)
    _last: FileHeader = field(default=_NOTHING, init=False)

    def skip(self, text: Text) -> FileHeader:
        """Go from the beginning of a file's text to its first record; HeaderError if the dataset cannot be read by the header."""
        text.fill(HEADER_BYTES)
        if not self._begins_alike(text):
            start = bytes(text.window[:HEADER_BYTES])
            self._start, self._last = self._read(start, is_whole=text.at_end and len(start) < HEADER_BYTES)
        text.drop(len(self._start))
        return self._last

    def _begins_alike(self, text: Text) -> bool:
        """Whether the last header is that of the text, too: its line ends where that one's did."""
        is_line = bool(self._last.columns) and self._start.endswith(b"\n")
        return is_line and text.window[: len(self._start)] == self._start

    def _read(self, start: bytes, *, is_whole: bool) -> tuple[bytes, FileHeader]:
        """The bytes before the first record, and the header in them."""
        header = header_of(start, is_whole=is_whole)
        if problem := header.problem_for(self.dataset):
            raise HeaderError(problem)
        if header.columns is None:
            return start, _NOTHING
        remark = header_drift(self.dataset, header.columns)
        return start[: header.size], FileHeader(header.columns, remark)
