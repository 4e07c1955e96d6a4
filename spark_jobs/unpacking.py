"""Unpacks gzip in blocks, whatever it unpacks to, and tells why a file cannot be unpacked to its end."""

import zlib
from collections.abc import Iterable, Iterator

_READ = 256 * 1024  # bytes to read at a time
_UNPACKED = 1024 * 1024  # bytes to unpack at a time: a few compressed bytes may hold gigabytes
_SMALLEST = 20  # bytes of an empty gzip file
_GZIP = zlib.MAX_WBITS | 16


class NotUnpackedError(Exception):
    """The file is no gzip, or is not gzip to its end; the message says so to the person who can write it again."""


def unpacked(blocks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """The content of a gzip file, given as its blocks; NotUnpackedError at the place where it is broken.

    Concatenated gzip files are one file, zero bytes are an empty file, and nothing else may follow, not even the zeros that
    some tools pad with.
    """
    read = size = start = 0
    member = zlib.decompressobj(wbits=_GZIP)
    pieces = (block[start : start + _READ] for block in blocks for start in range(0, len(block), _READ))
    for piece in pieces:
        read += len(piece)
        data: bytes | memoryview = piece
        while data:
            if member.eof:
                start, member = read - len(data), zlib.decompressobj(wbits=_GZIP)
            try:
                content = member.decompress(data, _UNPACKED)
            except zlib.error as error:
                raise NotUnpackedError(_broken(str(error), start, read)) from error
            size += len(content)
            if content:
                yield content
            data = member.unused_data or member.unconsumed_tail
    if read == 0 or member.eof:
        return
    if start and read - start < _SMALLEST:
        raise NotUnpackedError(_followed(start))
    raise NotUnpackedError(
        f"the gzip content is cut off after {read} bytes ({size} unzipped); write the file again"
    )


def _broken(error: str, start: int, read: int) -> str:
    if not error.endswith("incorrect header check"):
        return f"the gzip content is damaged within its first {read} bytes ({error}); write the file again"
    return (
        _followed(start)
        if start
        else f"the name ends with .gz but the content is not gzip ({error}); compress it, or name it without .gz"
    )


def _followed(start: int) -> str:
    return f"the gzip content ends after {start} bytes, and what follows is not gzip; write the file again"
