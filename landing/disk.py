"""Recognises a full disk in the errors of different programs, and explains it to the user."""

import errno
import shutil
from pathlib import Path

import humanize

_ERRORS = {errno.ENOSPC, errno.EDQUOT}
_ROOM = 64 * 1024  # bytes; with less a program's last words do not fit
_WORDS = ("no space left on device", "disk quota exceeded", "disk full")


def is_full(error: BaseException) -> bool:
    """Whether the error says that a disk is full or that a quota is used up."""
    return (isinstance(error, OSError) and error.errno in _ERRORS) or is_of_full_disk(str(error))


def is_of_full_disk(message: str) -> bool:
    """Whether a message of Java, DuckDB, Node or the local S3 server says that the disk is full."""
    return any(words in message.lower() for words in _WORDS)


def cause_told(cause: str, folder: Path) -> str:
    """The cause of a program's failure, with the full disk if the folder's disk is full: such a program cannot write down why it failed."""
    if is_of_full_disk(cause) or shutil.disk_usage(folder).free >= _ROOM:
        return cause
    return f"{cause}; {disk_full(folder)}"


def disk_full(folder: Path) -> str:
    """The message for the user. `folder` lies on the full disk."""
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = humanize.naturalsize(shutil.disk_usage(existing).free, binary=True)
    return (
        f"disk full: {free} free in {folder}; make room there, and run again: nothing that has landed is lost"
    )
