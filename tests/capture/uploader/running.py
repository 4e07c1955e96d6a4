"""An uploader at work while a test goes on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from capture.stopping import Stop
from capture.uploader.uploader import Uploader
from tests.local_cloud.waiting import PATIENCE


@contextmanager
def running(uploader: Uploader, stop: Stop) -> Iterator[None]:
    """Keeps uploading in a thread, with short pauses."""
    thread = threading.Thread(target=uploader.keep_uploading, args=[0.01])
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=PATIENCE)
    assert not thread.is_alive()
