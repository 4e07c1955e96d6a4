"""Statements of the local warehouse that fail or take their time when a test says so."""
# ruff: noqa: SLF001 - what it patches has no other way in

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local_cloud.redshift import SqlError, statements
from local_cloud.redshift.statements import Statement
from tests.local_cloud.waiting import PATIENCE


@contextmanager
def failing(name: str, message: str) -> Iterator[None]:
    """The first statement that is submitted under that name fails with the message."""
    run_all, left = statements._run_all, [message]

    def run_or_fail(statement: Any, warehouse: Any) -> bool:
        if statement.request.get("StatementName") == name and left:
            raise SqlError(left.pop())
        return run_all(statement, warehouse)

    statements._run_all = run_or_fail
    try:
        yield
    finally:
        statements._run_all = run_all


@contextmanager
def held_before_commit(name: str) -> Iterator[threading.Event]:
    """The first statement that is submitted under that name commits only once the event is set."""
    commit, release, first = Statement.commit, threading.Event(), threading.Lock()

    def wait_and_commit(statement: Statement, transaction: Any) -> bool:
        if statement.request.get("StatementName") == name and first.acquire(blocking=False):
            release.wait(PATIENCE)
        return commit(statement, transaction)

    Statement.commit = wait_and_commit  # type: ignore[method-assign, assignment]
    try:
        yield release
    finally:
        release.set()
        Statement.commit = commit  # type: ignore[method-assign]


@contextmanager
def held_before_start(name: str) -> Iterator[threading.Event]:
    """The first statement that is submitted under that name starts only once the event is set."""
    run_all, release, first = statements._run_all, threading.Event(), threading.Lock()

    def wait_and_run(statement: Any, warehouse: Any) -> bool:
        if statement.request.get("StatementName") == name and first.acquire(blocking=False):
            release.wait(PATIENCE)
        return run_all(statement, warehouse)

    statements._run_all = wait_and_run
    try:
        yield release
    finally:
        release.set()
        statements._run_all = run_all
