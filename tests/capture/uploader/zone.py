"""A landing zone on the local S3 server that can go away and come back, and files for it."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from local_cloud.s3.handler import ObjectHandler
from local_cloud.s3.server import ObjectServer

BUCKET = "landing"
DATASETS = ("authors", "books", "reviews", "users")


class _Handler(ObjectHandler):
    zone: ClassVar["Zone"]

    def _dispatch(self, action: Callable[[str, str], None]) -> None:
        self.zone.watch(f"{self.command} asked")
        super()._dispatch(action)
        self.zone.watch(f"{self.command} answered")

    def _send_headers(self, *arguments: Any, **named: Any) -> None:
        self.zone.watch(f"{self.command} done")
        super()._send_headers(*arguments, **named)


class _Server(ObjectServer):
    """Closes its connections when it goes: a client that keeps one must notice."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._connections: list[socket.socket] = []

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, client = super().get_request()
        self._connections.append(connection)
        return connection, client

    def server_close(self) -> None:
        super().server_close()
        for connection in self._connections:
            with suppress(OSError):  # the client has closed it
                connection.shutdown(socket.SHUT_RDWR)


class Zone:
    """A bucket at an address that stays the same over outages; it is up at first.

    `watch` is called by the server's threads, with `PUT asked` when a request has come, `PUT done` before the answer and `PUT answered`
    after it, and so on.
    """

    def __init__(self, folder: Path, watch: Callable[[str], None] = lambda _: None) -> None:
        self._handler = _Handler.serving(folder, zone=self)
        self.watch = watch
        self._port = 0
        self._server: _Server | None = None
        self._kept: socket.socket | None = None
        self.bucket = folder / BUCKET
        self.bucket.mkdir()
        self.up()

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._port}"

    def up(self) -> None:
        """Answer from now on."""
        self._server = _Server(("127.0.0.1", self._port), self._handler)
        self._port = self._server.server_port
        if self._kept:
            self._kept.close()
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()

    def down(self) -> None:
        """Refuse connections from now on."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._kept = socket.socket()  # nothing listens on the port, and no other program is given it
            self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._kept.bind(("127.0.0.1", self._port))
        self._server = None

    def content(self) -> dict[str, bytes]:
        """Every object, by its key."""
        return content(self.bucket)

    def variables(self) -> dict[str, str]:
        """What makes AWS clients find it."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }


def content(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, by its path there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def finish(spool: Path, key: str, rows: int = 3) -> bytes:
    """Put a finished file into the spool, by renaming as the collector does; what is in it."""
    path, made = spool / "ready" / key, spool / "making"
    path.parent.mkdir(parents=True, exist_ok=True)
    made.write_text("id,text\n" + "".join(f'{row},"of {key}"\n' for row in range(rows)))
    made.rename(path)
    return path.read_bytes()


def finish_many(spool: Path, count: int) -> dict[str, bytes]:
    """Finish `count` files of different sizes over all datasets; returns what the landing zone must hold."""
    keys = [f"{DATASETS[n % 4]}/2020-02-19T21-{n:02}-16-{n:032x}.csv" for n in range(count)]
    return {key: finish(spool, key, rows=1 + 997 * number) for number, key in enumerate(keys)}
