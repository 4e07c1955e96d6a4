"""The site over HTTP, with its faults."""

import os
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from capture.simulated.faults import Fault, Faults
from capture.simulated.site import NOT_FOUND, REFUSED, Answer, Site

_HTML = "text/html; charset=utf-8"
_OVERLOADED = b"<!DOCTYPE html><html><body><h1>Goodreads is over capacity.<br>Try again.</h1></body></html>"
_INSTEAD = {
    Fault.SERVER_ERROR: Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"", _HTML),
    Fault.UNAVAILABLE: Answer(HTTPStatus.SERVICE_UNAVAILABLE, _OVERLOADED, _HTML),
    Fault.TOO_MANY_REQUESTS: Answer(
        HTTPStatus.TOO_MANY_REQUESTS, b"Retry later\n", _HTML, {"Retry-After": "1"}
    ),
    Fault.HTML: Answer(HTTPStatus.OK, _OVERLOADED, _HTML),
    Fault.REFUSED_KEY: REFUSED,
    Fault.NOT_FOUND: NOT_FOUND,
}
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger for 0 s: the kernel sends RST instead of FIN
_POLL_SECONDS = 0.05  # between two looks whether it shall stop


@dataclass(frozen=True)
class Asked:
    """A request: the path without slashes around, when it came (seconds of the monotonic clock), the fault it met."""

    path: str
    parameters: Mapping[str, str]
    at: float
    fault: Fault | None


class Server(ThreadingHTTPServer):
    """Answers on localhost, each request in a thread; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, site: Site, faults: Faults, *, port: int, slow_seconds: float) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.site = site
        self.faults = faults
        self.slow_seconds = slow_seconds
        self.requests: list[Asked] = []
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=[_POLL_SECONDS], name="goodreads")

    @property
    def url(self) -> str:
        """With a slash at the end, as the wrapper's `base_url` has it."""
        return f"http://127.0.0.1:{self.server_port}/"

    def start(self) -> None:
        """Answer requests until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; slow answers are given up."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each body waits 40 ms for the acknowledgement of its headers

    def do_GET(self) -> None:
        asked = urlsplit(f"/{self.path.lstrip('/')}")  # the wrapper joins "http://host/" and "/review/..."
        parameters, fault = dict(parse_qsl(asked.query)), self.server.faults.next()
        self.server.requests.append(Asked(asked.path.strip("/"), parameters, time.monotonic(), fault))
        if fault is Fault.RESET:
            self._reset()
        elif fault in _INSTEAD:
            self._send(_INSTEAD[fault])
        else:
            if fault is Fault.SLOW:
                self.server.closing.wait(self.server.slow_seconds)
            self._send_spoilt(self.server.site.answer(asked.path, parameters), fault)

    def _send_spoilt(self, answer: Answer, fault: Fault | None) -> None:
        half = answer.body[: len(answer.body) // 2]
        match fault:
            case Fault.TRUNCATED:
                self._send(answer, half)
                self.close_connection = True
            case Fault.BROKEN_XML:
                self._send(Answer(answer.status, half, answer.content_type))
            case _:
                self._send(answer)

    def _send(self, answer: Answer, sent: bytes | None = None) -> None:
        self.send_response(answer.status)
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
        for name, value in {**headers, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body if sent is None else sent)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        os.close(self.connection.detach())  # an orderly end would send FIN first
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: `Server.requests` has every request."""
