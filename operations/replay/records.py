"""Rejected records as CSV files below a folder."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

from contract.rejects import UTF8, Reject
from operations.errors import OperationError


class RecordFiles:
    """Appends records to the CSV files they belong to; a context manager.

    Rows of a kind that share their columns share files of about `file_bytes`, which Spark reads side by side. Those that
    are not UTF-8 are written byte by byte as they were, since only a person can tell what encoding it was. A record
    that could not be split into fields goes to a file for its original alone: a quote that never ends would
    swallow the records of others.
    """

    def __init__(self, folder: Path, file_bytes: int = 100_000_000) -> None:
        self._folder = folder
        self._file_bytes = file_bytes
        self._rows: dict[tuple[str, str, tuple[str, ...]], str] = {}  # by <dataset>/<kind>, encoding, columns
        self._numbers = Counter[str]()
        self._lines: dict[str, int] = {}
        self._bytes = Counter[str]()
        self._open: tuple[str, IO[bytes]] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, reject: Reject) -> tuple[str, int]:
        """Write a record; the file's path below the folder, and the line where the record begins.

        OperationError if the record is raw text and the header of its file is unknown.
        """
        if reject.row is not None:
            columns = ordered(reject)
            text = csv_record([reject.row.get(name) for name in columns])
            place = self._rows_file(f"{reject.dataset.name}/{kind_of(reject)}", reject.encoding, columns)
            return self._append(place, columns, text.encode(reject.encoding))
        if reject.raw is None or reject.columns is None:
            raise OperationError(
                f"record {reject.record} of {reject.file} is in quarantine without the header of its file, as older "
                "versions of the job wrote it, so it cannot be put into a file again: take the text from `raw` there, "
                f"and the header from the original of {reject.file.rpartition('/')[2]}"
            )
        stem = reject.file.rpartition("/")[2].removesuffix(".gz").removesuffix(".csv")
        return self._append(
            f"{reject.dataset.name}/raw-{stem}.csv", reject.columns, f"{reject.raw}\n".encode(reject.encoding)
        )

    def _rows_file(self, kind: str, encoding: str, columns: tuple[str, ...]) -> str:
        name = self._rows.get((kind, encoding, columns))
        if name is None or self._bytes[name] >= self._file_bytes:
            self._numbers[kind] += 1
            name = self._rows[kind, encoding, columns] = f"{kind}-{self._numbers[kind]}.csv"
        return name

    def _append(self, name: str, columns: Sequence[str], content: bytes) -> tuple[str, int]:
        file = self._file(name)
        if name not in self._lines:
            header = csv_record(columns).encode()
            file.write(header)
            self._lines[name] = 1 + header.count(b"\n")
        line = self._lines[name]
        file.write(content)
        self._lines[name] += content.count(b"\n")
        self._bytes[name] += len(content)
        return name, line

    def _file(self, name: str) -> IO[bytes]:
        """Only one file is open at a time, because there may be as many files as landing files."""
        if self._open is None or self._open[0] != name:
            self._stack.close()
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open = name, self._stack.enter_context(path.open("ab"))
        return self._open[1]


def kind_of(reject: Reject) -> str:
    """How it can be written again.

    `raw`: as its text. `quoting`: by a guess, as that is how the job could split it. `encoding`: byte by byte,
    as it is not UTF-8. `rows`: as a row whose values are wrong.
    """
    if reject.row is None:
        return "raw"
    if any(violation.rule == "quoting" for violation in reject.violations):
        return "quoting"
    return "rows" if reject.encoding == UTF8 else "encoding"


def ordered(reject: Reject) -> tuple[str, ...]:
    """The columns of a row: those of the catalog in its order, then the unknown ones."""
    row = reject.row or {}
    known = [name for name in reject.dataset.column_names if name in row]
    return (*known, *(name for name in row if name not in known))


def csv_record(fields: Sequence[str | None]) -> str:
    """A record as RFC 4180 has it, its line end included; None is the empty field.

    Lines end with LF: Spark goes by the first line end, and after CRLF it would take the CR out of the values too.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(fields)  # which makes it quote fields with a lone CR
    return text.getvalue().removesuffix("\r\n") + "\n"
