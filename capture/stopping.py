"""A request to end, made by a signal; it wakes everything that waits."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Stop:
    """An event that a signal handler may set at any moment.

    A `threading.Event` will not do: setting it takes a lock, and the interrupted code may hold this lock. Writing to a
    pipe takes no lock.
    """

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()

    def set(self) -> None:
        """Ask for the end; every `wait` returns at once, now and later."""
        os.write(self._write_end, b"!")

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` until the end is asked for; whether it was."""
        return bool(select.select([self._read_end], [], [], max(0.0, seconds))[0])

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self.wait(0)

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._read_end)
        os.close(self._write_end)


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Context manager whose stop is set by the first SIGTERM or SIGINT; a second signal ends the process at once."""
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
