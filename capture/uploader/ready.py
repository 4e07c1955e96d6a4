"""Finds the finished files of a spool, names foreign things among them, and gives each file to one uploader only."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from capture.errors import SpoolError
from catalog import DATASETS

_DATASET_NAMES = frozenset(dataset.name for dataset in DATASETS)


@dataclass(frozen=True, order=True)
class ReadyFile:
    """A finished file; `key` is its path below the folder of ready files and its key in the landing zone."""

    key: str
    path: Path


@dataclass(frozen=True)
class Survey:
    """The finished files, the oldest names of each dataset first, and a sentence on each thing that is not a finished file."""

    files: Sequence[ReadyFile]
    strange: Sequence[str]


def survey(ready: Path) -> Survey:
    """Survey the folder of ready files, which need not exist yet; foreign folders are not entered.

    Raises SpoolError if a folder cannot be read.
    """
    files, strange = [], []
    for folder in _entries(ready):
        if folder.name not in _DATASET_NAMES or not folder.is_dir(follow_symlinks=False):
            strange.append(_strange(folder, f"expected only the folders {', '.join(sorted(_DATASET_NAMES))}"))
            continue
        for entry in _entries(Path(folder.path)):
            if _is_finished(entry):
                files.append(ReadyFile(f"{folder.name}/{entry.name}", Path(entry.path)))
            else:
                strange.append(_strange(entry, "expected only plain files NAME.csv"))
    return Survey(sorted(files), sorted(strange))


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return
    except OSError as error:
        raise SpoolError(
            f"{folder} cannot be read: {error.strerror}; let this user read and write there"
        ) from error


def _is_finished(entry: "os.DirEntry[str]") -> bool:
    return (
        entry.is_file(follow_symlinks=False)
        and entry.name.endswith(".csv")
        and not entry.name.startswith(".")
    )


def _strange(entry: "os.DirEntry[str]", expected: str) -> str:
    kind = "a link" if entry.is_symlink() else "a folder" if entry.is_dir() else "a file"
    return f"{entry.path} is {kind} that is left alone: {expected}. Move it out of the spool"


def claim(path: Path) -> BufferedReader:
    """Open the file and lock it against other uploaders until it is closed or the process ends in any way.

    Raises BlockingIOError if another uploader has the file, FileNotFoundError if another has just finished it.
    """
    file = path.open("rb")
    try:
        # The lock is on the file itself, so no lock file can be left over.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise FileNotFoundError(path)
    except OSError:
        file.close()
        raise
    return file
