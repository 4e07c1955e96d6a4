"""What a process asks of the disk, in order: a loss of power may take all that was not flushed before."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_CHANGES = ("insert", "update", "delete", "commit", "rollback")


class Disk:
    """Keeps what happens below a folder: flushes, with the lines that the file had on the disk; names; changes of a database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._events: list[str] = []

    def told(self) -> list[str]:
        """The events since the last time this was asked."""
        events, self._events = self._events, []
        return events

    def flushed(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        everything = (self._folder, *self._folder.rglob("*"))
        for path in (path for path in everything if os.path.samestat(path.stat(), status)):
            lines = 0 if path.is_dir() else len(path.read_bytes().splitlines())
            what = "the names" if path.is_dir() else f"{lines} lines"
            self._events.append(f"flush {what} in {self._name(path)}")

    def renamed(self, source: Path, target: Path) -> None:
        self._events.append(f"rename {self._name(source)} to {self._name(target)}")

    def made(self, path: Path) -> None:
        self._events.append(f"make {self._name(path)}")

    def removed(self, path: Path) -> None:
        self._events.append(f"remove {self._name(path)}")

    def executed(self, statement: str) -> None:
        words = statement.split()
        if words[0] in _CHANGES:
            self._events.append(" ".join(words[:3]))

    def _name(self, path: Path) -> str:
        return Path(path).relative_to(self._folder).as_posix()


@contextmanager
def watched(folder: Path) -> Iterator[Disk]:
    """What happens below the folder meanwhile, and in the SQLite databases that are opened meanwhile."""
    disk = Disk(folder)
    connect = sqlite3.connect

    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(disk.executed)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connected)
        patch.setattr(os, "fsync", _telling(os.fsync, disk.flushed, 1))
        patch.setattr(os, "rename", _telling(os.rename, disk.renamed, 2))
        patch.setattr(os, "replace", _telling(os.replace, disk.renamed, 2))
        patch.setattr(os, "mkdir", _telling(os.mkdir, disk.made, 1))
        patch.setattr(os, "unlink", _telling(os.unlink, disk.removed, 1))
        yield disk


def _telling(call: Callable[..., None], tell: Callable[..., None], told: int) -> Callable[..., None]:
    """The call, which tells its first arguments when it has succeeded."""

    def calling(*arguments: Any, **options: Any) -> None:
        call(*arguments, **options)
        tell(*arguments[:told])

    return calling
