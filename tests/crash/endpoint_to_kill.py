"""An endpoint that kills itself with SIGKILL at a chosen moment of its first run.

    python -m tests.crash.endpoint_to_kill STATE_FOLDER before|after STATE
    python -m tests.crash.endpoint_to_kill STATE_FOLDER statement NUMBER BATCH
    python -m tests.crash.endpoint_to_kill STATE_FOLDER commit|committed BATCH

`statement`: after that many statements of the batch of that name; `commit`, `committed`: right before or after it commits.
"""
# ruff: noqa: SLF001 - what it patches has no other way in

import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from local_cloud.redshift import statements
from local_cloud.redshift.statements import Statement
from tests.crash.faults import Fault, after, before
from tests.crash.lab import deployed

SURVIVED = 3


def die(_: object = None) -> NoReturn:
    """As a power cut would have it: nothing is closed, written or told."""
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()
    raise AssertionError("SIGKILL is not to be survived")


def die_after_statements(number: int, name: str) -> None:
    """Die after the first `number` statements of the batch of that name."""
    run_one, left = statements._run_one, count(number - 1, -1)

    def run_and_die(statement: Statement, *rest: Any) -> None:
        run_one(statement, *rest)
        if statement.request.get("StatementName") == name and next(left) == 0:
            die()

    statements._run_one = run_and_die  # type: ignore[assignment]


def die_at_commit(name: str, *, before_it: bool) -> None:
    """Die right before or right after the batch of that name commits."""
    commit = Statement.commit

    def commit_and_die(statement: Statement, transaction: Any) -> bool:
        wanted = statement.request.get("StatementName") == name
        if wanted and before_it:
            die()
        done = commit(statement, transaction)
        if wanted:
            die()
        return done

    Statement.commit = commit_and_die  # type: ignore[method-assign, assignment]


def main(folder: str, moment: str, what: str, name: str = "") -> None:
    root = Path(folder)
    with deployed(root, root / "cdk.out") as lab:
        fault = None
        if moment in ("before", "after"):
            fault = Fault({"before": before, "after": after}[moment], what, die)
        elif moment == "statement":
            die_after_statements(int(what), name)
        else:
            die_at_commit(what, before_it=moment == "commit")
        with lab.faults.armed(fault):
            lab.run()
    sys.exit(SURVIVED)


if __name__ == "__main__":
    main(*sys.argv[1:])
