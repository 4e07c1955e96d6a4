"""Copies content without reading it: an object gets a second name, or the kernel copies its bytes.

A file may have two names because nobody writes into it: this server replaces objects by a rename. It gives a second name
only to a file that it has written itself and that has not changed since, and takes the right to write from the file then.
A file that somebody else put into a bucket's folder, or wrote to, is copied: its writer may go on writing. The
administrator of the machine can still write into a file without that right.
"""

import errno
import os
import stat
import uuid
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import IO

import localbucket
from localbucket import TEMP_PREFIX, S3Error, stat_signature

from local_cloud.s3.etags import Range, etag_of

_GIB = 1024**3
UPLOAD_BYTES = 5 * _GIB
"""The most that one PutObject, one CopyObject or one part takes: "Amazon S3 multipart upload limits" in S3's User Guide."""

_RANGE_BYTES = 5 * 1024 * 1024
"""A range is only copied from an object with more bytes: CopySourceRange in the API reference of UploadPartCopy."""

_BLOCK = 256 * 1024  # for file systems where the kernel does not copy; fits into the processor's cache
_CALL = _GIB  # the most that one call of the kernel copies
_KERNEL_REFUSES = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EXDEV}

_Signature = tuple[int, int, int, int]
_own: set[_Signature] = set()
"""The files that this server has written; a file that was written to since has another signature."""

_lent: dict[Path, dict[_Signature, tuple[Path, _Signature, int]]] = {}
"""Parts that were copied from an object, by the folder of their upload: a second name of the object, its signature, and where the part starts.

The file of such a part has its size and no content: CompleteMultipartUpload takes the content from the object.
"""


class NewFile:
    """The new file of an object: it is made when something is written to it, or another file gets its name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    @property
    def file(self) -> IO[bytes]:
        """The file, open to write."""
        if self._file is None:
            self._file = open(self.path, "xb", opener=_for_this_user)  # noqa: SIM115 - Path.open takes no opener; `finish` closes it
        return self._file

    def write(self, data: bytes) -> int:
        """As a file does."""
        return self.file.write(data)

    def adopt(self, other: Path) -> None:
        """Take the place of another file."""
        other.rename(self.path)

    def finish(self) -> None:
        """All that was written is in the file."""
        if self._file is not None:
            self._file.close()

    def remove(self) -> None:
        """There is no file afterwards, unless it got another name."""
        if self._file is not None:
            self._file.close()
        self.path.unlink(missing_ok=True)


def _for_this_user(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Part:
    """The new file of a part, in the folder of its upload."""

    def __init__(self, file: IO[bytes], upload: Path) -> None:
        self.file, self.upload = file, upload

    def write(self, data: bytes) -> int:
        """As a file does."""
        return self.file.write(data)


def copy(destination: NewFile | Part, ranges: Sequence[Range]) -> str:
    """Let the destination hold the ranges one after the other; the ETag of the whole.

    An object may take the place of a range's file: that is a second name of the source.
    """
    etag = etag_of(ranges)
    if any(length > UPLOAD_BYTES for _, _, length in ranges):
        message = f"The specified copy source is larger than the maximum allowable size for a copy source: {UPLOAD_BYTES}"
        raise S3Error(HTTPStatus.BAD_REQUEST, "InvalidRequest", message)
    sources = _joined(ranges)
    path, start, length = sources[0]
    if len(sources) > 1 or stat_signature(path) not in _own:
        for source in sources:
            _transfer(destination.file, source)
    elif isinstance(destination, Part):
        _lend(sources[0], destination)
    elif (start, length) == (0, path.stat().st_size):
        _close(path)
        destination.adopt(path)
    else:
        _transfer(destination.file, sources[0])
    return etag


def require_range_of(source: Path) -> None:
    """Raise S3Error if S3 would copy the source only as a whole."""
    if source.stat().st_size <= _RANGE_BYTES:
        message = "The specified copy source is not supported as a byte-range copy source"
        raise S3Error(HTTPStatus.BAD_REQUEST, "InvalidRequest", message)


def install() -> None:
    """Make localbucket copy with `copy`."""
    localbucket.copy_ranges = copy


def written(path: Path) -> None:
    """Remember that this server has written the file, or given it a second name."""
    _own.add(stat_signature(path))


def is_shared(path: Path) -> bool:
    """Whether the file has another name."""
    return path.stat().st_nlink > 1


def forget_parts(upload: Path) -> None:
    """An upload is over, and its folder is gone."""
    _lent.pop(upload, None)


def _lend(source: Range, part: Part) -> None:
    path, start, length = source
    _close(path)
    lent = part.upload / f"{TEMP_PREFIX}{uuid.uuid4().hex}"
    os.link(path, lent)
    os.truncate(part.file.fileno(), length)
    _lent.setdefault(part.upload, {})[_signature(os.fstat(part.file.fileno()))] = (
        lent,
        stat_signature(lent),
        start,
    )


def _close(path: Path) -> None:
    """Take the right to write from a file that gets a second name."""
    path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)


def _joined(ranges: Sequence[Range]) -> list[Range]:
    """Where the content of the ranges is; neighbours of the same file are one range."""
    joined: list[Range] = []
    for path, start, length in map(_content_of, ranges):
        if joined:
            before, first, size = joined[-1]
            if first + size == start and before.samefile(path):
                joined[-1] = (before, first, size + length)
                continue
        joined.append((path, start, length))
    return joined


def _content_of(part: Range) -> Range:
    path, start, length = part
    lent = _lent.get(path.parent, {}).get(stat_signature(path))
    if not lent:
        return part
    source, signature, first = lent
    if stat_signature(source) != signature:
        raise _changed()
    return source, first + start, length


def _changed() -> S3Error:
    message = "A source file changed while it was being copied."
    return S3Error(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", message)


def _signature(found: os.stat_result) -> _Signature:
    """What localbucket's `stat_signature` is for a file that is open."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _transfer(destination: IO[bytes], source: Range) -> None:
    path, start, length = source
    destination.flush()
    with path.open("rb") as file:
        done = 0
        while done < length:
            copied = _some(file.fileno(), destination.fileno(), start + done, length - done)
            if not copied:
                raise _changed()
            done += copied


def _some(source: int, destination: int, start: int, length: int) -> int:
    """Copy some of the bytes that begin at `start` to the end of the destination; the number of bytes, 0 if there are none."""
    by_kernel = getattr(os, "copy_file_range", None)  # Linux only
    if by_kernel:
        try:
            return int(by_kernel(source, destination, min(length, _CALL), start))
        except OSError as error:
            if error.errno not in _KERNEL_REFUSES:
                raise
    return os.write(destination, os.pread(source, min(length, _BLOCK), start))
