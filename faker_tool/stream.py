"""The endless stream of a dataset's chunks, drawn ahead by several threads and handed out in order."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

from faker_tool.pools import pools
from faker_tool.records import Drawn

Draw = Callable[[int], Drawn]
Streams = Callable[[Draw, int], Iterator[Drawn]]
"""Chunks 0, 1, 2, ... of a draw, of which at least the given number will probably be asked for."""


@contextmanager
def streams(threads: int) -> Iterator[Streams]:
    """Streams that share that many threads.

    Threads and not processes: numpy and Arrow draw without the interpreter's lock, and what they have drawn is
    written from where it lies.
    """
    pools()  # once, and not by each thread
    with ThreadPoolExecutor(threads, "draw") as workers:
        yield lambda draw, expected: _ahead(workers, draw, expected, window=2 * threads)


def _ahead(workers: Executor, draw: Draw, expected: int, *, window: int) -> Iterator[Drawn]:
    pending: deque[Future[Drawn]] = deque()
    numbers = count()
    expected_numbers = iter(range(expected))
    try:
        while True:
            while len(pending) < window and next(expected_numbers, None) is not None:
                pending.append(workers.submit(draw, next(numbers)))
            if not pending:  # more are needed than were expected
                pending.append(workers.submit(draw, next(numbers)))
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()
