"""ETags of copies, without reading the bytes again: the ETag of a copy follows from its sources' ETags.

As on AWS, the ETag of an object that was uploaded in several parts has a dash and is not the object's MD5, and neither is that of an object
that is encrypted with a key of KMS. A file keeps these ETags, because nobody could compute them from the content after a restart.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import localbucket
from localbucket import object_etag, remember_etag, stat_signature

Range = tuple[Path, int, int]
"""A file, the offset of the first byte, and the number of bytes."""

ETAGS = ".localbucket-etags.jsonl"
"""The file, beside the buckets. One line an object: its path, its `stat` signature, its ETag."""


class OtherThanMd5:
    """The ETags that are not the MD5 of the content; one file for all buckets of a folder."""

    def __init__(self, buckets: Path) -> None:
        self._file = buckets / ETAGS

    def recall(self) -> None:
        """Tell the server the ETags of the objects that have not changed."""
        if not self._file.exists():
            return
        known = {
            path: (tuple(signature), etag)
            for path, signature, etag in self._lines()
            if Path(path).is_file() and list(stat_signature(Path(path))) == signature
        }
        localbucket._etag_cache.update(known)  # noqa: SLF001 (there is no public handle)
        self._file.write_text("".join(_line(path, *found) for path, found in known.items()))

    def remember(self, path: Path, etag: str, *, is_md5: bool) -> None:
        """Keep the object's ETag until the object changes; only the MD5 of its content could be found again."""
        remember_etag(path, etag)
        if not is_md5:
            with self._file.open("a") as file:
                file.write(_line(str(path), stat_signature(path), etag))

    def _lines(self) -> Iterator[Any]:
        for line in self._file.read_text().splitlines():
            with suppress(json.JSONDecodeError):  # a line that a loss of power cut off
                yield json.loads(line)


def etag_of(ranges: Sequence[Range]) -> str:
    """The ETag of an object that is made of these ranges: the source's own if it is the whole source."""
    if len(ranges) == 1 and ranges[0][1:] == (0, ranges[0][0].stat().st_size):
        return str(object_etag(ranges[0][0]))
    sources = [(object_etag(path), start, length) for path, start, length in ranges]
    digest = hashlib.md5(json.dumps(sources).encode(), usedforsecurity=False).hexdigest()
    return digest if len(ranges) == 1 else f"{digest}-{len(ranges)}"


def _line(path: str, signature: tuple[int, ...], etag: str) -> str:
    return json.dumps([path, signature, etag]) + "\n"
