"""A client that dies while a server waits for its next request, and a server that fails by itself."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

# SO_LINGER for no time: closing discards what was not read and resets the connection
_RESET = struct.pack("ii", 1, 0)


def ask_and_die(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the server at `url` once and die; return when it has done with the connection."""
    with _connection(url, monkeypatch) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert client.recv(1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def meet_a_mistake(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect to the server at `url`, whose handler raises ZeroDivisionError; return when it has done with the connection."""
    monkeypatch.setattr(BaseHTTPRequestHandler, "handle", lambda _handler: 1 / 0)
    with _connection(url, monkeypatch):
        pass


@contextmanager
def _connection(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A connection to the server; leaving closes it and waits until the server has done with it."""
    done = threading.Event()
    shut = TCPServer.shutdown_request

    def shutdown_request(self: TCPServer, request: Any) -> None:
        shut(self, request)
        done.set()

    monkeypatch.setattr(TCPServer, "shutdown_request", shutdown_request)
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as client:
        yield client
    assert done.wait(30)
