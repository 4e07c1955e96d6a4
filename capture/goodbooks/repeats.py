"""Counts ratings of a book by a user who has rated it in an earlier line, exactly and with little memory."""

import tempfile
from contextlib import ExitStack
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

_FILES = 61  # a prime, so that neither the users alone nor the books alone choose the file
_BOOK_BITS = 32

Numbers = NDArray[np.int64]


class Repeats:
    """Remembers pairs of user and book on disk, in temporary files without a name; equal pairs are in one file, so a file at a time tells the repeats."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        files = (tempfile.TemporaryFile() for _ in range(_FILES))  # noqa: SIM115 - the stack closes them
        self._files = [self._stack.enter_context(file) for file in files]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, users: Numbers, books: Numbers) -> None:
        """Remember the pairs; both numbers are from 0 to 2**31 - 1."""
        pairs = (users << _BOOK_BITS) | books
        chosen = (pairs % _FILES).astype(np.uint8)
        order = np.argsort(chosen, kind="stable")
        ends = np.cumsum(np.bincount(chosen, minlength=_FILES))
        for file, part in zip(self._files, np.split(pairs[order], ends[:-1]), strict=True):
            file.write(part.tobytes())

    def count(self) -> int:
        """How many pairs were added again."""
        return sum(map(_repeated, self._files))


def _repeated(file: IO[bytes]) -> int:
    file.seek(0)
    pairs = np.frombuffer(file.read(), np.int64)
    return len(pairs) - len(np.unique(pairs))
