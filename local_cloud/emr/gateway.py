"""Hadoop's way to S3: WebHDFS in, S3 out. It stands in for S3A, whose jars no Python package has.

The JVM's part of a step, its code and its rejects, reaches S3 as the node role, over HTTP, as the tasks of Arrow do.
Like S3A it makes folders of keys: a rename copies and deletes each object. Unlike S3A it writes no marker for an empty folder, which
S3 here cannot keep. The operations and their answers: "WebHDFS REST API" in Hadoop's documentation.
"""

import json
import threading
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from werkzeug import Request, Response
from werkzeug.serving import make_server

from local_cloud.at_once import AtOnce
from local_cloud.identity import Keys

_ROOT = "/webhdfs/v1/"
_PIECE = 1024 * 1024  # bytes
_POLL_SECONDS = 0.05  # between two checks for the stop signal
_JSON, _BYTES = "application/json", "application/octet-stream"
_BLOCK = 128 * 1024 * 1024  # bytes; Spark splits files by it
_DONE = {"boolean": True}
_OPERATIONS = {
    "CREATE",
    "DELETE",
    "GETFILESTATUS",
    "GETHOMEDIRECTORY",
    "GET_BLOCK_LOCATIONS",
    "LISTSTATUS",
    "MKDIRS",
    "OPEN",
    "RENAME",
    "SETPERMISSION",
}


class HadoopGateway:
    """Serves all buckets of S3 as folders, `webhdfs://host:port/bucket/key`, with the keys of whoever runs a step."""

    def __init__(self, s3_url: str) -> None:
        self._s3_url = s3_url
        self._s3: Any = None
        self._folders: set[tuple[str, str]] = set()  # made, and still without an object
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=AtOnce)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=[_POLL_SECONDS], name="hadoop", daemon=True
        )
        self._thread.start()

    def sign_with(self, keys: Keys) -> None:
        """From now on S3 is asked by this principal."""
        self._s3 = keys.client("s3", endpoint_url=self._s3_url)

    def address(self, bucket: str) -> str:
        """The bucket as Hadoop mounts it."""
        return f"webhdfs://127.0.0.1:{self._server.port}/{bucket}"

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        bucket, _, key = request.path.removeprefix(_ROOT).partition("/")
        asked = request.args["op"]
        operation = getattr(self, f"_{asked.lower()}") if asked in _OPERATIONS else _unknown
        try:
            response = operation(request, bucket, key.strip("/"))
        except FileNotFoundError as error:
            response = _refused(str(error), HTTPStatus.NOT_FOUND, "java.io.FileNotFoundException")
        except (BotoCoreError, ClientError) as error:
            response = _refused(str(error), HTTPStatus.FORBIDDEN, "java.io.IOException")
        return response(environ, start_response)

    def _gethomedirectory(self, *_: Any) -> Response:
        return _json({"Path": "/"})

    def _getfilestatus(self, _: Request, bucket: str, key: str) -> Response:
        return _json({"FileStatus": self._status(bucket, key)})

    def _liststatus(self, _: Request, bucket: str, key: str) -> Response:
        status = self._status(bucket, key)
        if status["type"] == "DIRECTORY":
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=_below(key), Delimiter="/"
            )
            found = {
                name: each
                for page in pages
                for name, each in (
                    *((e["Prefix"].rstrip("/"), _folder()) for e in page.get("CommonPrefixes", ())),
                    *((e["Key"], _file(e["Size"], e["LastModified"])) for e in page.get("Contents", ())),
                )
            }
            made = {name for made_in, name in self._folders if made_in == bucket and _parent(name) == key}
            found = {name: _folder() for name in made} | found
            listed = [{**each, "pathSuffix": name.rpartition("/")[2]} for name, each in sorted(found.items())]
        else:
            listed = [status]
        return _json({"FileStatuses": {"FileStatus": listed}})

    def _get_block_locations(self, request: Request, *_: str) -> Response:
        """S3 has no blocks, on no node."""
        blocks = {"fileLength": int(request.args["length"]), "locatedBlocks": [], "lastLocatedBlock": None}
        return _json({"LocatedBlocks": {**blocks, "isUnderConstruction": False, "isLastBlockComplete": True}})

    def _open(self, request: Request, bucket: str, key: str) -> Response:
        status = self._status(bucket, key)
        offset = int(request.args.get("offset", 0))
        length = min(int(request.args.get("length", status["length"])), status["length"] - offset)
        if length <= 0:
            return Response(b"", mimetype=_BYTES)
        content = self._s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={offset}-{offset + length - 1}")
        pieces = content["Body"].iter_chunks(_PIECE)
        return Response(pieces, mimetype=_BYTES, headers={"Content-Length": str(content["ContentLength"])})

    def _create(self, request: Request, bucket: str, key: str) -> Response:
        """Hadoop asks where to write to, and then writes there: it is told the same address again."""
        if "here" not in request.args:
            here = Response(status=HTTPStatus.TEMPORARY_REDIRECT)
            here.location = f"http://{request.host}{request.environ['REQUEST_URI']}&here=true"
            return here
        self._s3.upload_fileobj(request.stream, bucket, key)
        return Response(status=HTTPStatus.CREATED)

    def _mkdirs(self, _: Request, bucket: str, key: str) -> Response:
        while key:
            self._folders.add((bucket, key))
            key = _parent(key)
        return _json(_DONE)

    def _rename(self, request: Request, bucket: str, key: str) -> Response:
        target = request.args["destination"].strip("/").removeprefix(f"{bucket}/")
        for name in self._objects(bucket, key):
            source = {"Bucket": bucket, "Key": name}
            self._s3.copy(source, bucket, target + name.removeprefix(key))
            self._s3.delete_object(Bucket=bucket, Key=name)
        self._forget(bucket, key)
        return self._mkdirs(request, bucket, _parent(target))

    def _delete(self, _: Request, bucket: str, key: str) -> Response:
        names: list[str] = []
        with suppress(FileNotFoundError):
            names = self._objects(bucket, key)
        for name in names:
            self._s3.delete_object(Bucket=bucket, Key=name)
        return _json({"boolean": self._forget(bucket, key) or bool(names)})

    def _setpermission(self, _request: Request, _bucket: str, _key: str) -> Response:
        return Response()

    def _status(self, bucket: str, key: str) -> dict[str, Any]:
        """FileNotFoundError if there is neither an object of that key nor one below it."""
        if key:
            try:
                head = self._s3.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.NOT_FOUND:
                    raise
            else:
                return _file(head["ContentLength"], head["LastModified"])
        below = self._s3.list_objects_v2(Bucket=bucket, Prefix=_below(key), MaxKeys=1)
        if not key or below["KeyCount"] or (bucket, key) in self._folders:
            return _folder()
        raise FileNotFoundError(f"s3://{bucket}/{key} does not exist")

    def _objects(self, bucket: str, key: str) -> list[str]:
        """The object of that key, or all objects below it."""
        if self._status(bucket, key)["type"] == "FILE":
            return [key]
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=_below(key))
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def _forget(self, bucket: str, key: str) -> bool:
        """Whether a folder that was made is gone now."""
        gone = {each for each in self._folders if each[0] == bucket and f"{each[1]}/".startswith(f"{key}/")}
        self._folders -= gone
        return bool(gone)


def _unknown(request: Request, *_: str) -> Response:
    words = f"{request.args['op']} of WebHDFS is not supported locally"
    return _refused(words, HTTPStatus.BAD_REQUEST, "java.lang.UnsupportedOperationException")


def _below(key: str) -> str:
    return f"{key}/" if key else ""


def _parent(key: str) -> str:
    return key.rpartition("/")[0]


def _json(document: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(json.dumps(document), status, mimetype=_JSON)


def _refused(message: str, status: HTTPStatus, java: str) -> Response:
    words = {"exception": java.rpartition(".")[2], "javaClassName": java, "message": message}
    return _json({"RemoteException": words}, status)


def _folder() -> dict[str, Any]:
    return _entry("DIRECTORY", 0, 0)


def _file(size: int, modified: datetime) -> dict[str, Any]:
    return _entry("FILE", size, int(modified.timestamp() * 1000))


def _entry(kind: str, size: int, modified: int) -> dict[str, Any]:
    """A FileStatus; what an object has not is as in the examples of the documentation."""
    own = {
        "type": kind,
        "length": size,
        "modificationTime": modified,
        "accessTime": modified,
        "pathSuffix": "",
    }
    return own | {"blockSize": _BLOCK, "permission": "777", "owner": "", "group": "", "replication": 1}
