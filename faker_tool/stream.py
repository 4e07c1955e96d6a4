"""The endless stream of a dataset's chunks, drawn ahead by other processes and handed out in order."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context

from faker_tool.records import Records

Draw = Callable[[int], Records]
Streams = Callable[[Draw, int], Iterator[Records]]
"""Chunks 0, 1, 2, ... of a draw, of which at least the given number will probably be asked for."""


@contextmanager
def streams(processes: int) -> Iterator[Streams]:
    """Streams that share that many processes; a single process is this one."""
    if processes == 1:
        yield lambda draw, _: map(draw, count())
        return
    # Not forked: the caller may have threads, whose locks a forked child would inherit.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as workers:
        yield lambda draw, expected: _ahead(workers, draw, expected, window=2 * processes)


def _ahead(workers: Executor, draw: Draw, expected: int, *, window: int) -> Iterator[Records]:
    pending: deque[Future[Records]] = deque()
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
