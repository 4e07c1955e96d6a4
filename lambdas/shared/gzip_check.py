"""Tells whether a gzip file can be read to its end."""

import zlib
from typing import Protocol

from botocore.exceptions import ClientError

from lambdas.shared.zone import Zone, raise_unless_changed

_READ = 256 * 1024  # bytes to read at a time
_UNZIPPED = 1024 * 1024  # bytes to unzip at a time: a few compressed bytes may hold gigabytes
_SMALLEST = 20  # bytes of an empty gzip file
_GZIP = zlib.MAX_WBITS | 16


class Readable(Protocol):
    """An open file, or the body of an S3 object."""

    def read(self, size: int, /) -> bytes:
        """At most that many bytes; none at the end."""


def find_gzip_problem(zone: Zone, key: str, etag: str) -> str | None:
    """Why the object cannot be unpacked; None if it can, or if it no longer has that ETag."""
    try:
        body = zone.s3.get_object(Bucket=zone.bucket, Key=key, IfMatch=etag)["Body"]
    except ClientError as error:
        raise_unless_changed(error)
        return None
    with body:
        return gzip_problem(body)


def gzip_problem(body: Readable) -> str | None:
    """Read a gzip file to its end: why Spark could not read it, or None if Spark can.

    The rules are Hadoop's: concatenated gzip files are one file, zero bytes are an empty file, and nothing else may
    follow, not even the zeros that some tools pad with. Takes little memory, whatever the sizes.
    """
    read = unzipped = start = 0
    member = zlib.decompressobj(wbits=_GZIP)
    while data := body.read(_READ):
        read += len(data)
        while data:
            if member.eof:
                start, member = read - len(data), zlib.decompressobj(wbits=_GZIP)
            try:
                unzipped += len(member.decompress(data, _UNZIPPED))
            except zlib.error as error:
                return _broken(str(error), start, read)
            data = member.unused_data or member.unconsumed_tail
    if read == 0 or member.eof:
        return None
    if start and read - start < _SMALLEST:
        return _followed(start)
    return f"the gzip content is cut off after {read} bytes ({unzipped} unzipped); write the file again"


def _broken(error: str, start: int, read: int) -> str:
    if not error.endswith("incorrect header check"):
        return f"the gzip content is damaged within its first {read} bytes ({error}); write the file again"
    return _followed(start) if start else f"the name ends with .gz but the content is not gzip ({error})"


def _followed(start: int) -> str:
    return f"the gzip content ends after {start} bytes, and what follows is not gzip; write the file again"
