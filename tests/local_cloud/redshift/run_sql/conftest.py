"""The construct on a real endpoint whose Data API goes wrong, without the seconds that it would wait."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import moto.stepfunctions.models
import pytest
from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local_cloud.redshift import RedshiftEngine, install
from local_cloud.step_functions import limits

# jsii starts the first `node` on the path while aws_cdk is imported: the pinned one is beside this interpreter.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

from tests.local_cloud.redshift.run_sql.executions import Runner
from tests.local_cloud.redshift.run_sql.faulty_engine import FaultyEngine

Entries = Callable[[], list[str]]


@dataclass
class Pauses:
    """The seconds that the interpreter would have waited: before further tries, and in Wait states."""

    before_retries: list[float] = field(default_factory=list)
    in_waits: list[int] = field(default_factory=list)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    """Nobody waits; what would have been waited is written down instead."""
    kept = Pauses()

    def pass_over(_self: object, *, wait_seconds: int, **_: object) -> None:
        kept.in_waits.append(wait_seconds)

    monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=kept.before_retries.append))
    monkeypatch.setattr(WaitFunction, "_wait_interval", pass_over)
    return kept


@pytest.fixture(autouse=True)
def faulty(engine: RedshiftEngine, interpreter: object) -> FaultyEngine:
    """The engine that the endpoint asks during this test, without faults so far."""
    assert interpreter  # its endpoint installs the plain engine, which this one replaces
    faulty = FaultyEngine(engine)
    install(cast("RedshiftEngine", faulty))
    return faulty


@pytest.fixture
def entries(session: Any) -> Iterator[Entries]:
    """The rows of a table `entries (entry varchar(100))`, in order."""
    session.run("create table entries (entry varchar(100))")
    yield lambda: [entry for (entry,) in session.rows("select entry from entries order by entry")]
    session.run("drop table entries")


@pytest.fixture(scope="module")
def interpreter(endpoint: Callable[[str], Any]) -> Iterator[Callable[[str], Any]]:
    """Makes clients of the endpoint, on which state machines of CloudFormation are executable."""
    limits.install()  # for the rest of the process: other tests have it as well, before or after these
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(default_user_config["stepfunctions"], "execute_state_machine", True)
        patch.setattr(moto.stepfunctions.models, "stepfunctions_backends", stepfunctions_parser_backends)
        # they write down the whole state data of each failure, and each request
        patch.setattr(logging.getLogger("moto"), "level", logging.CRITICAL)
        patch.setattr(logging.getLogger("werkzeug"), "level", logging.CRITICAL)
        yield endpoint


@pytest.fixture(scope="module")
def runner(interpreter: Callable[[str], Any]) -> Runner:
    """Executes statements on the endpoint."""
    return Runner(interpreter)


@pytest.fixture
def sql_function(engine: RedshiftEngine) -> Iterator[Callable[[str, Callable[[], object]], None]]:
    """Makes SQL functions of an integer that return it, having called something from inside of the transaction."""
    connection = engine._warehouse._connection  # noqa: SLF001
    integer, made = duckdb.sqltype("INTEGER"), []

    def create(name: str, event: Callable[[], object]) -> None:
        def call(value: int) -> int:
            event()
            return value

        connection.create_function(name, call, [integer], integer)
        made.append(name)

    yield create
    for name in made:
        connection.remove_function(name)
