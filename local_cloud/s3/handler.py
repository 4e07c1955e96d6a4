"""localbucket's request handler with S3's guarantees: it checks a condition and acts on it in one step."""

import os
import threading
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from http import HTTPStatus
from itertools import accumulate
from pathlib import Path
from typing import IO, Any, ClassVar, Self

from localbucket import (
    S3_NAMESPACE,
    TEMP_PREFIX,
    UPLOADS_DIR,
    S3Error,
    S3Handler,
    _etag_cache,
    etag_matches,
    object_etag,
    remember_etag,
)

from landing.disk import disk_full, is_full
from local_cloud.iam import AccessDenied, Judge
from local_cloud.identity import KeyRefused, Principal, Received, refusal, signer
from local_cloud.s3 import content, deletions
from local_cloud.s3.etags import OtherThanMd5
from local_cloud.s3.keys import KEY_BYTES, key_problem
from local_cloud.s3.requests import operation_of

_LITTLE = 256 * 1024  # bytes that cost less to read than to have sent by the kernel
_LOCKS, _COPIES = 64, 2
_TICK = 10**9  # ns; generous: file systems count time in steps of some milliseconds


class ObjectHandler(S3Handler):  # type: ignore[misc]
    """A rename replaces an object, so an open file keeps its content; a lock guards the check and the rename.

    A request holds a lock for moments only, never while it reads or sends content: a client may be slow, or may
    write the same key next. `changing` are the locks of objects: with one for all, threads would wait for each other at each request.
    `folders` guards a folder that was found empty until it is gone. `copying` lets two requests copy at a time: a copy takes
    no bytes through this process, so more threads would only wait for each other's turns with Python's lock.
    """

    changing: ClassVar[Sequence[threading.Lock]]
    folders: ClassVar[threading.Lock]
    copying: ClassVar[threading.Semaphore]
    etags: ClassVar[OtherThanMd5]
    judge: ClassVar[Judge | None] = None
    disable_nagle_algorithm = True  # see local_cloud/at_once.py

    @classmethod
    def serving(cls, buckets: Path, **attributes: object) -> type[Self]:
        """The handler class for one folder of buckets; `attributes` are added to the class.

        Without a `judge` everybody may do everything.
        """
        folder = buckets.resolve()
        etags = OtherThanMd5(folder)
        content.install()
        etags.recall()
        changing = tuple(threading.Lock() for _ in range(_LOCKS))
        own = {
            "data_root": folder,
            "changing": changing,
            "folders": threading.Lock(),
            "copying": threading.Semaphore(_COPIES),
            "etags": etags,
        }
        return type(cls.__name__, (cls,), own | attributes)

    # the CDK CLI asks for the first two before an upload; no element below the third: the versions of an object are not kept
    _BUCKET_QUESTIONS: ClassVar[dict[str, tuple[str, ...]]] = {
        "location": ("LocationConstraint",),
        "encryption": (
            "ServerSideEncryptionConfiguration",
            "Rule",
            "ApplyServerSideEncryptionByDefault",
            "SSEAlgorithm",
        ),
        "versioning": ("VersioningConfiguration",),
    }

    def _dispatch(self, action: Callable[[str, str], None]) -> None:
        def with_room(bucket: str, key: str) -> None:
            self._signer = self._signed()
            operation, members = operation_of(self.command, bucket, key, self.query, self.headers)
            if operation != "DeleteObjects":  # it is judged key by key
                self._require(operation, members)
            try:
                with self._missing_for_who_lists(bucket):
                    action(bucket, key)
            except OSError as error:
                if not is_full(error):
                    raise
                raise S3Error(
                    HTTPStatus.INSUFFICIENT_STORAGE, "InsufficientStorage", disk_full(self.data_root)
                ) from error

        self._paths: dict[tuple[str, str], Path] = {}
        self._bucket_dirs: dict[str, Path] = {}
        turn = self.copying if "x-amz-copy-source" in self.headers else nullcontext()
        with turn, ExitStack() as self._request, ExitStack() as self._until_answer:
            super()._dispatch(with_room)

    def _signed(self) -> Principal:
        try:
            return signer(Received(self.command, self.path, self.headers))
        except KeyRefused as error:
            told = refusal(error.problem, "s3")
            raise S3Error(HTTPStatus(told.status), told.code, told.message) from None

    def _require(self, operation: str, members: Mapping[str, str]) -> None:
        try:
            if self.judge is not None:
                self.judge.require(self._signer, "s3", operation, members)
        except AccessDenied as denied:
            raise S3Error(HTTPStatus(denied.status), denied.code, denied.message) from None

    @contextmanager
    def _missing_for_who_lists(self, bucket: str) -> Iterator[None]:
        """Only who may list learns that an object does not exist: API reference of GetObject, "Permissions"."""
        try:
            yield
        except S3Error as error:
            if error.code == "NoSuchKey":
                self._require("HeadBucket", {"Bucket": bucket})
            raise

    def _send_headers(self, status: HTTPStatus, length: int, headers: dict[str, str] | None = None) -> None:
        self._until_answer.close()
        super()._send_headers(status, length, headers)

    def _get_request(self, bucket: str, key: str) -> None:
        asked = None if key else next((name for name in self._BUCKET_QUESTIONS if name in self.query), None)
        if asked is None:
            super()._get_request(bucket, key)
            return
        self._bucket_dir(bucket)
        element = root = ET.Element(self._BUCKET_QUESTIONS[asked][0])
        for tag in self._BUCKET_QUESTIONS[asked][1:]:
            element = ET.SubElement(element, tag)
        if asked == "encryption":
            element.text = "AES256"
        self._send_xml(root)

    def _bucket_dir(self, bucket: str) -> Path:
        """Found once a request."""
        if bucket not in self._bucket_dirs:
            self._bucket_dirs[bucket] = super()._bucket_dir(bucket)
        return self._bucket_dirs[bucket]

    def _object_path(self, bucket: str, key: str) -> Path:
        """Found once a request: each look at the file system lets other requests go first."""
        if (bucket, key) not in self._paths:
            self._paths[bucket, key] = self._path(bucket, key)
        return self._paths[bucket, key]

    def _path(self, bucket: str, key: str) -> Path:
        folder: Path = self._bucket_dir(bucket)
        if len(key.encode()) > KEY_BYTES:
            raise S3Error(HTTPStatus.BAD_REQUEST, "KeyTooLongError", "Your key is too long")
        if problem := key_problem(key):
            raise _refused(problem)
        if any(map(os.path.islink, accumulate(key.split("/"), os.path.join, initial=str(folder)))):
            # it refuses what a link leads to outside of the bucket
            path: Path = super()._object_path(bucket, key)
            return path
        return folder / key

    def _read_body(self) -> bytes:
        """The whole body; half a body, from a client that died, must not become an object.

        A body of more than 5 GiB is not read: "Uploading objects" and "Amazon S3 multipart upload limits" in S3's User Guide.
        """
        expected = self.headers.get("x-amz-decoded-content-length") or self.headers.get("Content-Length")
        if int(expected or 0) > content.UPLOAD_BYTES:
            self.close_connection = True
            message = "Your proposed upload exceeds the maximum allowed size"
            raise S3Error(HTTPStatus.BAD_REQUEST, "EntityTooLarge", message)
        body: bytes = super()._read_body()
        if expected is not None and len(body) != int(expected):
            message = f"The body has {len(body)} bytes, its header promises {expected}."
            raise S3Error(HTTPStatus.BAD_REQUEST, "IncompleteBody", message)
        return body

    def _get(self, bucket: str, key: str, include_body: bool) -> None:
        """GetObject and HeadObject."""
        target = self._object_path(bucket, key)
        self._until_answer.enter_context(self._steady(target))
        if target.is_file():
            self._check_if_match(target, self.headers.get("If-Match"))
        super()._get(bucket, key, include_body)

    def _copy_source(self) -> Path:
        """A second name for the checked content: the content stays, whatever happens to the key in between."""
        source = super()._copy_source()
        snapshot = self._scratch() / f"{TEMP_PREFIX}{uuid.uuid4().hex}"
        with self._steady(source):
            super()._copy_source()  # check the conditions again, now that the content cannot change
            os.link(source, snapshot)
            remember_etag(snapshot, object_etag(source))
        self._until_answer.callback(_forget, snapshot)
        if "x-amz-copy-source-range" in self.headers:
            content.require_range_of(snapshot)
        return snapshot

    def _write_object(self, bucket: str, key: str, write: Callable[[content.NewFile], str]) -> str:
        """Write to a temporary file, then rename it under the conditions; the ETag."""
        target = self._object_path(bucket, key)
        new = content.NewFile(self._scratch() / f"{TEMP_PREFIX}{uuid.uuid4().hex}")
        self._until_answer.callback(new.remove)
        found = write(new)
        new.finish()
        etag = self._as_encrypted(bucket, found)
        with self._steady(target):
            if self.headers.get("If-None-Match") == "*" and target.exists():
                raise self._precondition_failed_error()
            self._check_if_match(target, self.headers.get("If-Match"))
            try:
                if not content.is_shared(new.path):
                    # two ticks ago: a later write past this server has another time, so this ETag stays valid
                    past = time.time_ns() - 2 * _TICK
                    os.utime(new.path, ns=(past, past))
                self._rename(new.path, target)
                content.written(target)
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                raise _refused(f"a part of {key!r} is a folder here and another object's name") from error
            self.etags.remember(target, etag, is_md5=etag == found and "-" not in etag)
        return etag

    def _rename(self, path: Path, target: Path) -> None:
        """Also if another request has just deleted the last object of the target's folder, and the folder with it."""
        try:
            path.replace(target)
        except FileNotFoundError:
            with self.folders:
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)

    def _as_encrypted(self, bucket: str, etag: str) -> str:
        """With a key of KMS the ETag of an object is not the MD5 of its content: "Object" in S3's API reference."""
        key = self.judge.key_of(f"arn:aws:s3:::{bucket}") if self.judge else None
        return uuid.uuid4().hex if key and "-" not in etag else etag

    def _upload_dir(self, bucket: str, key: str) -> Path:
        upload: Path = super()._upload_dir(bucket, key)
        self._request.callback(_forget_ended, upload)
        return upload

    def _store_part(self, bucket: str, key: str, write: Callable[[content.Part], str]) -> str:
        upload = self._upload_dir(bucket, key)
        return str(super()._store_part(bucket, key, lambda file: write(content.Part(file, upload))))

    def _send_file(
        self,
        status: HTTPStatus,
        file: IO[bytes],
        start: int,
        length: int,
        headers: dict[str, str],
        include_body: bool,
    ) -> None:
        """Send the content; the kernel reads it, if there is much to read."""
        self._send_headers(status, length, headers)
        if not include_body or not length:
            return
        if length > _LITTLE:
            sent = self.connection.sendfile(file, start, length)
        else:
            found = os.pread(file.fileno(), length, start)
            self.connection.sendall(found)
            sent = len(found)
        if sent < length:
            self.close_connection = True

    def _delete_object(self, bucket: str, key: str) -> None:
        self._remove(bucket, key, self.headers.get("If-Match"))
        self._send(HTTPStatus.NO_CONTENT)

    def _remove(self, bucket: str, key: str, condition: str | None) -> None:
        target = self._object_path(bucket, key)
        with self._steady(target):
            self._check_if_match(target, condition)
            if target.is_file():
                target.unlink(missing_ok=True)
                # a folder that holds other objects stays, with those above it
                with suppress(OSError), self.folders:
                    for folder in target.parents[: key.count("/")]:
                        folder.rmdir()

    def _post_request(self, bucket: str, key: str) -> None:
        if key or "delete" not in self.query:
            super()._post_request(bucket, key)
            return
        self._check_query("DeleteObjects", {"delete"})
        self._bucket_dir(bucket)
        root = ET.Element("DeleteResult", xmlns=S3_NAMESPACE)
        for asked in deletions.asked(self._read_body(), self.headers):
            error = self._refused_deletion(bucket, asked)
            if error is not None or not asked.is_quiet:
                root.append(deletions.told(asked.key, error))
        self._send_xml(root)

    def _refused_deletion(self, bucket: str, asked: deletions.Deletion) -> S3Error | None:
        """Delete an object of many; why S3 does not, if it does not."""
        condition = {"IfMatch": asked.etag} if asked.etag else {}
        try:
            with self._missing_for_who_lists(bucket):
                self._require("DeleteObject", {"Bucket": bucket, "Key": asked.key} | condition)
                self._remove(bucket, asked.key, asked.etag)
        except S3Error as error:
            return error
        return None

    def _add_list_entries(
        self,
        root: ET.Element,
        contents: list[tuple[str, Path]],
        common_prefixes: list[str],
        encode: Callable[[str], str],
    ) -> None:
        """The listing without objects that were deleted since the folder was read."""
        for key, path in contents:
            entry = ET.Element("Entry")
            with suppress(FileNotFoundError), self._steady(path):
                super()._add_list_entries(entry, [(key, path)], [], encode)
                root.extend(entry)
        super()._add_list_entries(root, [], common_prefixes, encode)

    def _check_if_match(self, target: Path, condition: str | None) -> None:
        """As on AWS: 412 if the object has another ETag, 404 if there is no object."""
        if condition is None:
            return
        if not target.is_file():
            raise S3Error(HTTPStatus.NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
        if not etag_matches(condition, object_etag(target)):
            raise self._precondition_failed_error()

    @contextmanager
    def _steady(self, path: Path) -> Iterator[None]:
        """Within the block no request changes the object, and the server knows its ETag without reading it again.

        localbucket recognises an unchanged file by size and time. A write past this server may keep both
        within one tick of the clock, so the server reads a file that changed just now again the next time.
        """
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            object_etag(path)
        with self.changing[hash(path) % _LOCKS]:
            try:
                yield
            finally:
                with suppress(FileNotFoundError, NotADirectoryError):
                    if time.time_ns() - path.stat().st_mtime_ns < _TICK:
                        _etag_cache.pop(str(path), None)

    def _scratch(self) -> Path:
        """The folder for half-written content: no listing and no Spark job looks there."""
        folder: Path = self.data_root / UPLOADS_DIR
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
        return folder


def _forget_ended(upload: Path) -> None:
    if not upload.exists():
        content.forget_parts(upload)


def _forget(snapshot: Path) -> None:
    snapshot.unlink(missing_ok=True)  # it may have become the copy
    _etag_cache.pop(str(snapshot), None)


def _refused(problem: str) -> Any:
    return S3Error(
        HTTPStatus.BAD_REQUEST, "InvalidArgument", f"This server keeps objects as files: {problem}."
    )
