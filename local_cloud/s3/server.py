"""Serves a folder as S3; moto uses the same folder for CloudFormation's buckets and for function code."""

import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from moto.s3.models import FakeKey, S3Backend

from local_cloud.iam import Judge
from local_cloud.s3.handler import ObjectHandler
from local_cloud.s3.keys import key_problem

_POLL_SECONDS = 0.05  # between two checks for the stop signal


class ObjectServer(ThreadingHTTPServer):
    """Answers each client in a thread, which ends with the process."""

    daemon_threads = True

    def handle_error(self, *arguments: Any) -> None:
        """Tell of anything but a client that was killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*arguments)


class S3Server:
    """Serves every folder in `buckets` as a bucket, on a free port if none is given; `judge` says to whom."""

    def __init__(self, buckets: Path, port: int = 0, judge: Judge | None = None) -> None:
        self._server = ObjectServer(("127.0.0.1", port), ObjectHandler.serving(buckets, judge=judge))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=[_POLL_SECONDS], name="s3", daemon=True
        )

    @property
    def url(self) -> str:
        """The endpoint, known before it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Answer requests until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


_create, _get, _delete = S3Backend.create_bucket, S3Backend.get_object, S3Backend.delete_bucket


def install(buckets: Path) -> None:
    """Let moto create buckets in the folder and read templates and function code from it.

    A second call replaces the first folder.
    """

    def create_bucket(self: Any, bucket_name: str, *args: Any, **kwargs: Any) -> Any:
        if bucket_name in self.buckets and not (buckets / bucket_name).exists():
            _delete(self, bucket_name)  # somebody has deleted it through the other server
        bucket = _create(self, bucket_name, *args, **kwargs)
        (buckets / bucket_name).mkdir(exist_ok=True)
        return bucket

    def delete_bucket(self: Any, bucket_name: str) -> Any:
        folder = buckets / bucket_name
        if folder.is_dir():
            if any(folder.iterdir()):
                return None  # moto answers BucketNotEmpty
            folder.rmdir()
        return _delete(self, bucket_name)

    def get_object(self: Any, bucket_name: str, key_name: str, *args: Any, **kwargs: Any) -> Any:
        path = buckets / bucket_name / key_name
        if key_problem(key_name) is None and path.is_file():
            return FakeKey(
                name=key_name,
                bucket_name=bucket_name,
                value=path.read_bytes(),
                account_id=self.account_id,
                region_name="us-east-1",
            )
        return _get(self, bucket_name, key_name, *args, **kwargs)

    S3Backend.create_bucket, S3Backend.get_object, S3Backend.delete_bucket = (
        create_bucket,
        get_object,
        delete_bucket,
    )
