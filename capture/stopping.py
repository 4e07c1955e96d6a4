"""A wish to end, from a signal, that wakes whoever waits."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Stop:
    """An event that a signal handler may set at any moment.

    `threading.Event` may not: setting it takes a lock that the interrupted code can hold. Writing to a pipe takes none.
    """

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()

    def set(self) -> None:
        """Ask for the end; everybody who waits goes on at once, now and later."""
        os.write(self._write_end, b"!")

    def wait(self, seconds: float) -> bool:
        """Whether the end was asked for, waiting for that so many seconds at most."""
        return bool(select.select([self._read_end], [], [], max(0.0, seconds))[0])

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self.wait(0)

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._read_end)
        os.close(self._write_end)


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Set by the first SIGTERM or SIGINT; a second one ends the process on the spot."""
    stop, signals = Stop(), (signal.SIGTERM, signal.SIGINT)

    def ask(*_: object) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_DFL)
        stop.set()

    former = {number: signal.signal(number, ask) for number in signals}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        stop.close()
