"""Folders for tests that flush to the disk hundreds of times."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder within gets a name of its own
_ENOUGH = 200_000_000  # bytes; a container may have less


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory, where the system has that: what SIGKILL leaves is the same there, and a flush takes no time."""
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH
    with TemporaryDirectory(dir=_MEMORY if in_memory else None) as folder:
        yield Path(folder)
