"""The finished files of a spool, what lies among them without being one, and one uploader for each file."""

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
    """A finished file; `key` is its path below the folder of ready files, and its name in the landing zone."""

    key: str
    path: Path


@dataclass(frozen=True)
class Survey:
    """The finished files, oldest names of a dataset first, and a sentence on each thing that is none."""

    files: Sequence[ReadyFile]
    strange: Sequence[str]


def survey(ready: Path) -> Survey:
    """What is in the folder of ready files, which need not exist yet; what is strange is looked at no further.

    SpoolError if a folder cannot be read.
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
    return f"{entry.path} is {kind} that is left alone: {expected}; move it out of the spool"


def claim(path: Path) -> BufferedReader:
    """The file, open for reading, and nobody else's until it is closed or the process ends in any way.

    BlockingIOError if another uploader has it, FileNotFoundError if one has just finished it.
    """
    file = path.open("rb")
    try:
        # The lock is on the file itself: there is no lock file to be left over, or to outlive what it guards.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise FileNotFoundError(path)
    except OSError:
        file.close()
        raise
    return file
