"""Files and folders that readers find whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """A hidden path beside `target` to write a file or a folder to. After the block it is `target`, or gone if the block has failed.

    It is not flushed to the disk: after a loss of power it may be cut off, as capture/spool/durable.py's files are not.
    """
    partial = target.with_name(f".{target.name}.partial")
    _remove(partial)  # what a process has left that was killed
    try:
        yield partial
        partial.replace(target)
    except BaseException:
        _remove(partial)
        raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
