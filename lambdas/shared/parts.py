"""Copies a big CSV file as several smaller files, so that all cores of a cluster have work."""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from contract.csv_cutting import Piece, find_pieces
from contract.keys import is_gzip, part_name
from contract.plan import Part, PlannedFile
from lambdas.shared.gzip_check import Readable
from lambdas.shared.zone import Zone, in_parallel, raise_unless_changed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BLOCK = 256 * 1024  # bytes to scan at a time: they fit into the processor's cache
_HEAD = 5 * 1024 * 1024  # S3's minimum for every part of an upload but the last
_THREADS = 4  # each thread holds a head in memory


def copy_in_parts(landing: Zone, file: PlannedFile, working: Zone, size: int) -> tuple[Part, ...]:
    """Copy a file in parts of about `size` bytes; gzip is unpacked. No parts if the object has changed since the plan.

    S3 itself copies all but the head of each part; unpacked gzip passes through the function. NotCuttableError if the
    file has to stay whole; OSError if the parts do not hold the bytes of the source.
    """
    source = _Source(landing, file)
    try:
        with source.content() as content:
            pieces = find_pieces(iter(partial(content.read, _BLOCK), b""), _evenly(file, size))
        copies = [_Copy(piece, working, _target(file, number, piece)) for number, piece in enumerate(pieces)]
        if is_gzip(file.key):
            _unpack(source, copies)
        else:
            _assemble(source, copies, working.s3)
    except ClientError as error:
        raise_unless_changed(error)
        return ()
    _require_all_bytes(source, copies)
    return tuple(Part(copy.target, copy.piece.records) for copy in copies)


@dataclass(frozen=True)
class _Source:
    zone: Zone
    file: PlannedFile

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`, as they are in landing."""
        return bytes(self._get(Range=f"bytes={start}-{end - 1}")["Body"].read())

    @contextmanager
    def content(self) -> Iterator[Readable]:
        """The whole content; gzip is unpacked."""
        with closing(self._get()["Body"]) as body:
            yield gzip.GzipFile(fileobj=body) if is_gzip(self.file.key) else body

    @property
    def location(self) -> Any:
        return {"Bucket": self.zone.bucket, "Key": self.file.key}

    def _get(self, **options: Any) -> Any:
        return self.zone.s3.get_object(**self.location, IfMatch=self.file.etag, **options)


@dataclass(frozen=True)
class _Copy:
    """The copy of a piece: an object that begins with the file's header."""

    piece: Piece
    zone: Zone
    target: str

    @property
    def location(self) -> Any:
        return {"Bucket": self.zone.bucket, "Key": self.target}


def _evenly(file: PlannedFile, size: int) -> int:
    """A size of pieces that leaves no small last piece; `size` for gzip, because its unpacked size is unknown."""
    return size if is_gzip(file.key) else -(-file.size // -(-file.size // size))


def _target(file: PlannedFile, number: int, piece: Piece) -> str:
    folder, _, name = file.target.rpartition("/")
    return f"{folder}/{part_name(name, number, piece.before)}"


def _assemble(source: _Source, copies: Sequence[_Copy], s3: "S3Client") -> None:
    """Upload the header and the head of each piece; S3 copies the rest from bucket to bucket.

    The objects appear when all bytes are there: if the source changes in between, no object appears.
    """
    header = source.read(0, copies[0].piece.start)
    with ExitStack() as unless_complete:
        uploads = in_parallel(_begin, copies, _THREADS)
        for upload in uploads:
            unless_complete.callback(_abort, s3, upload)
        filled = in_parallel(
            partial(_fill, source, header), list(zip(copies, uploads, strict=True)), _THREADS
        )
        for upload, parts in zip(uploads, filled, strict=True):
            s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        unless_complete.pop_all()


def _begin(copy: _Copy) -> Any:
    upload = copy.zone.s3.create_multipart_upload(**copy.location, ChecksumAlgorithm="CRC32")
    return {**copy.location, "UploadId": upload["UploadId"]}


def _abort(s3: "S3Client", upload: Any) -> None:
    with suppress(s3.exceptions.NoSuchUpload):  # it was complete
        s3.abort_multipart_upload(**upload)


def _fill(source: _Source, header: bytes, copy_and_upload: tuple[_Copy, Any]) -> list[Any]:
    copy, upload = copy_and_upload
    start, end = copy.piece.start, copy.piece.end
    head = header + source.read(start, min(start + _HEAD, end))
    parts: list[Any] = [
        copy.zone.s3.upload_part(**upload, PartNumber=1, Body=head, ChecksumAlgorithm="CRC32")
    ]
    if start + _HEAD < end:
        rest = copy.zone.s3.upload_part_copy(
            **upload,
            PartNumber=2,
            CopySource=source.location,
            CopySourceRange=f"bytes={start + _HEAD}-{end - 1}",
            CopySourceIfMatch=source.file.etag,
        )
        parts.append(rest["CopyPartResult"])
    named = ("ETag", "ChecksumCRC32")
    return [
        {"PartNumber": number} | {name: part[name] for name in named if name in part}
        for number, part in enumerate(parts, start=1)
    ]


def _unpack(source: _Source, copies: Sequence[_Copy]) -> None:
    """Upload all bytes of each piece."""
    with source.content() as content:
        header = content.read(copies[0].piece.start)
        for copy in copies:
            section = _Section(header, content, copy.piece.end - copy.piece.start)
            copy.zone.s3.upload_fileobj(cast("IO[bytes]", section), copy.zone.bucket, copy.target)


class _Section:
    """A file of the header and the next `size` bytes of a stream."""

    def __init__(self, header: bytes, stream: Readable, size: int) -> None:
        self._header, self._stream, self._size = header, stream, size

    def read(self, size: int = -1) -> bytes:
        """`size` bytes, fewer at the end; all remaining bytes without a size."""
        if size < 0:
            size = len(self._header) + self._size
        head, self._header = self._header[:size], self._header[size:]
        body = self._stream.read(min(size - len(head), self._size))
        self._size -= len(body)
        return head + body


def _require_all_bytes(source: _Source, copies: Sequence[_Copy]) -> None:
    header = copies[0].piece.start
    for copy in copies:
        expected = header + copy.piece.end - copy.piece.start
        found = copy.zone.size(copy.target)
        if found != expected:
            raise OSError(f"{copy.zone.uri(copy.target)} has {found} bytes after the copy, not {expected}")
    end = copies[-1].piece.end
    if not is_gzip(source.file.key) and end != source.file.size:
        raise OSError(f"{end} bytes of {source.file.key} were read, expected {source.file.size}")
