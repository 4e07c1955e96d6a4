"""Writing that survives a loss of power."""

import os
from pathlib import Path

from capture.errors import SpoolError
from landing.aside import sync


def overwrite(path: Path, start: int, content: bytes) -> None:
    """Replace everything after the first `start` bytes of the file with `content`, and wait until the disk has it."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
        if file.seek(0, os.SEEK_END) < start:
            raise SpoolError(
                f"{path} has {file.tell():,} bytes, expected at least the {start:,} that were written; the disk or somebody "
                "has shortened it. Put the whole file back, or move the folder away to begin anew"
            )
        file.truncate(start)
        file.seek(start)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def make_folder(path: Path) -> None:
    """Make a folder with its parents, and wait until the disk has their names; does nothing if the folder exists."""
    if path.exists():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync(path.parent)
