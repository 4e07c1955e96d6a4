"""One uploader for each file, over all processes of a machine."""

import fcntl
import os
from io import BufferedReader
from pathlib import Path


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
