"""Keeps the lines of research data that cannot be imported, each with the reason."""

import json
from pathlib import Path
from typing import NamedTuple, Self, TextIO


class Line(NamedTuple):
    """A line, numbered from 1. `problem` says what is wrong with the text, if anything."""

    number: int
    text: bytes
    problem: str | None = None


class Rejects:
    r"""Writes a file of JSON lines {file, line, reason, text}; without rejected lines there is no file.

    Bytes that are not UTF-8 are written like `\xff`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)  # the file of an earlier import
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, file: str, line: Line, reason: str) -> None:
        """Write a rejected line with the reason."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
        text = line.text.decode(errors="backslashreplace").rstrip("\n")
        entry = {"file": file, "line": line.number, "reason": reason, "text": text}
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
