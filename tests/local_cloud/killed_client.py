"""A client that dies while a server waits for its next request."""

import socket
import struct
import threading
from socketserver import TCPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

_RESET = struct.pack(
    "ii", 1, 0
)  # SO_LINGER for no time: closing discards what was not read and resets the connection


def ask_and_die(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the server at `url` once and die; return when it has done with the connection."""
    done = threading.Event()
    shut = TCPServer.shutdown_request

    def shutdown_request(self: TCPServer, request: Any) -> None:
        shut(self, request)
        done.set()

    monkeypatch.setattr(TCPServer, "shutdown_request", shutdown_request)
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert client.recv(1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    assert done.wait(30)
