"""Writes a file or a folder so that a reader finds it complete or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """Yield a hidden path beside `target`. When the block ends, that path is renamed to `target`; if the block raises, it is removed.

    Nothing is flushed to the disk, so a loss of power may truncate `target`.
    """
    partial = target.with_name(f".{target.name}.partial")
    _remove(partial)  # a killed process may have left one
    try:
        yield partial
        partial.replace(target)
    except BaseException:
        _remove(partial)
        raise


def sync(folder: Path) -> None:
    """Wait until the disk has the names of the files in the folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
