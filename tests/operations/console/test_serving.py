"""The console's server."""

import socket
from contextlib import closing
from pathlib import Path
from socketserver import StreamRequestHandler
from typing import Any

import pytest
import requests

from local_cloud.state import StateFolder
from operations.console.serving import Console
from tests.local_cloud.waiting import PATIENCE


@pytest.mark.slow
def test_a_body_does_not_wait_for_the_acknowledgement_of_its_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once: list[int] = []
    setup = StreamRequestHandler.setup

    def set_up_and_look(handler: Any) -> None:
        setup(handler)
        at_once.append(handler.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(StreamRequestHandler, "setup", set_up_and_look)
    with closing(Console(StateFolder(tmp_path), 0).start()) as console:
        requests.get(console.address, timeout=PATIENCE)
    assert all(at_once)
    assert at_once
