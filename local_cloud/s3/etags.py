"""ETags without reading an object again: of bytes that were copied within S3, they follow from those of their source.

As on AWS, an object that was uploaded in several parts has an ETag of its own, with a dash, that is not its MD5. It is
kept in a file, because after a restart it could not be told from the content.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

import localbucket
from localbucket import S3Error, object_etag, remember_etag, stat_signature

Range = tuple[Path, int, int]
"""A file, and of which place on how many bytes of it."""

ETAGS = ".localbucket-etags.jsonl"
"""The file, beside the buckets: a line for each object, of its path, what `stat` says of it, and the ETag."""

_BLOCK = 256 * 1024  # fits into the processor's cache: with 1 MiB a copy takes three times as long


class MadeOfParts:
    """The ETags that are no MD5 of their content; one file for all buckets of a folder."""

    def __init__(self, buckets: Path) -> None:
        self._file = buckets / ETAGS

    def recall(self) -> None:
        """Let the server know those of objects that are as they were."""
        if not self._file.exists():
            return
        known = {
            path: (tuple(signature), etag)
            for path, signature, etag in self._lines()
            if Path(path).is_file() and list(stat_signature(Path(path))) == signature
        }
        localbucket._etag_cache.update(known)  # noqa: SLF001 (there is no public handle)
        self._file.write_text("".join(_line(path, *found) for path, found in known.items()))

    def remember(self, path: Path, etag: str) -> None:
        """That the object has this ETag, until it changes."""
        remember_etag(path, etag)
        if "-" in etag:
            with self._file.open("a") as file:
                file.write(_line(str(path), stat_signature(path), etag))

    def _lines(self) -> Iterator[Any]:
        for line in self._file.read_text().splitlines():
            with suppress(json.JSONDecodeError):  # the end of the file, if the machine has lost its power
                yield json.loads(line)


def copy(destination: IO[bytes], ranges: Sequence[Range]) -> str:
    """Write the ranges one after the other; the ETag of what they make up."""
    for path, start, length in ranges:
        with path.open("rb") as source:
            source.seek(start)
            left = length
            while block := source.read(min(left, _BLOCK)):
                destination.write(block)
                left -= len(block)
        if left:
            message = "A source file changed while it was being copied."
            raise S3Error(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", message)
    return _etag(ranges)


def install() -> None:
    """Let localbucket copy so."""
    localbucket.copy_ranges = copy
    localbucket.BLOCK_SIZE = _BLOCK


def _etag(ranges: Sequence[Range]) -> str:
    if len(ranges) == 1 and ranges[0][1:] == (0, ranges[0][0].stat().st_size):
        return str(object_etag(ranges[0][0]))
    sources = [(object_etag(path), start, length) for path, start, length in ranges]
    digest = hashlib.md5(json.dumps(sources).encode(), usedforsecurity=False).hexdigest()
    return digest if len(ranges) == 1 else f"{digest}-{len(ranges)}"


def _line(path: str, signature: tuple[int, ...], etag: str) -> str:
    return json.dumps([path, signature, etag]) + "\n"
