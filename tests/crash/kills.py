"""Processes that are killed in the middle of their work."""
# ruff: noqa: SLF001 - what it patches has no other way in

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psutil
from localbucket import S3Handler

from local_cloud.lambda_.forks import Forked, Forks

_POLL_SECONDS = 0.02
_functions: dict[int, str] = {}
"""The handler of each process that was forked for a function."""


def kill_children(part: str) -> int:
    """Kill the processes below this one whose command line contains `part`; how many there were."""
    found = [child for child in psutil.Process().children(recursive=True) if _mentions(child, part)]
    for child in found:
        child.kill()
    return len(found)


@contextmanager
def functions_known() -> Iterator[None]:
    """In the block `kill_functions` knows the processes of functions: forked ones have the command line of their parent."""
    fork = Forks.fork

    def fork_and_note(forks: Forks, handler: str, *rest: Any) -> Forked:
        forked = fork(forks, handler, *rest)
        _functions[forked.pid] = handler
        return forked

    Forks.fork = fork_and_note  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Forks.fork = fork  # type: ignore[method-assign]
        _functions.clear()


def kill_functions(module: str) -> int:
    """Kill the processes that run the handler of a module; how many there were."""
    found = [
        child
        for child in psutil.Process().children(recursive=True)
        if _functions.get(child.pid, "").startswith(f"{module}.")
    ]
    for child in found:
        child.kill()
    return len(found)


@contextmanager
def at_request(method: str, bucket: str, number: int, action: Callable[[], None]) -> Iterator[None]:
    """The action takes place before the S3 server answers its n-th request of that method for that bucket."""
    dispatch, left = S3Handler._dispatch, count(number - 1, -1)

    def act_and_dispatch(handler: Any, *args: Any) -> None:
        is_of_bucket = handler.path.startswith((f"/{bucket}/", f"/{bucket}?"))
        if handler.command == method and is_of_bucket and next(left) == 0:
            action()
        dispatch(handler, *args)

    S3Handler._dispatch = act_and_dispatch
    try:
        yield
    finally:
        S3Handler._dispatch = dispatch


@contextmanager
def once_there_is(
    folder: Path, pattern: str, action: Callable[[], None], *, after: str = ""
) -> Iterator[None]:
    """The action takes place once, as soon as a file matches that is in a folder whose name comes after `after`."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_POLL_SECONDS):
            with suppress(FileNotFoundError):  # a folder that went away during the search
                if any(path.relative_to(folder).parts[0] > after for path in folder.glob(pattern)):
                    action()
                    return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _mentions(process: psutil.Process, part: str) -> bool:
    try:
        return any(part in argument for argument in process.cmdline())
    except psutil.NoSuchProcess:
        return False
