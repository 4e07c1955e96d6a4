"""Lines that cannot be imported, kept with the reason."""

import json
from pathlib import Path
from typing import Self, TextIO

from capture.ucsd.reading import Line


class Rejects:
    r"""A file of JSON lines {file, line, reason, text}; there is none if nothing was rejected.

    Text that is not UTF-8 is written with the odd bytes as `\xff`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)  # of an earlier import
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, file: str, line: Line, reason: str) -> None:
        """Write a line with the reason why it was rejected."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
        text = line.text.decode(errors="backslashreplace").rstrip("\n")
        entry = {"file": file, "line": line.number, "reason": reason, "text": text}
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
