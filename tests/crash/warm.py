"""The warm Spark process of a worker, and the executable that stands in for spark-submit."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Client
from pathlib import Path

from local_cloud.emr.steps import local_options, mounts, spark_environment
from local_cloud.processes import end_tree, start
from local_cloud.state import StateFolder
from spark_jobs.conf import SPARK_CONF
from stacks import ROOT
from tests.local_cloud.waiting import PATIENCE

_HERE = Path(__file__).parent
_SUBMIT = Path(sys.executable).with_name("spark-submit")
_COLD, _ENDLESS = "cold", "endless"
_QUICK = {
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""A dozen rows are read faster by interpreted expressions than Java is generated and compiled for them."""

_POLL_SECONDS = 0.05


def submit_executable(folder: Path) -> Path:
    """An executable for StepRunner: it reaches the warm process of `folder`, except inside `cold_spark` and `endless_spark`."""
    path = folder / "submit"
    path.write_text(
        f"""#!/bin/sh
[ -e "{folder / _ENDLESS}" ] && exec sleep {PATIENCE}
[ -e "{folder / _COLD}" ] && exec "{_SUBMIT}" "$@"
exec "{sys.executable}" -S "{_HERE / "warm_submit.py"}" "{_socket(folder)}" "$@"
"""
    )
    path.chmod(0o755)
    return path


class WarmSpark:
    """A Spark process for all pipelines of a worker, one after the other: it starts with the first one.

    A session maps the buckets when it starts. So it maps folders behind a link, which leads to the buckets of the pipeline that is served.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._link = folder / "buckets"
        self._mapped: frozenset[str] = frozenset()
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def serving(self, state: StateFolder) -> Iterator[None]:
        """Steps of the pipeline of `state` come here during the block; its buckets must be there already."""
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(state.buckets.resolve())
        buckets = frozenset(mounts(state.buckets))
        if not self._process or self._process.poll() is not None or not buckets <= self._mapped:
            self._start(buckets)
        socket = _socket(state.root)
        socket.symlink_to(_socket(self._folder))
        try:
            yield
        finally:
            socket.unlink()
            self._finish_the_last_step()

    def close(self) -> None:
        if self._process:
            end_tree(self._process)

    def _start(self, buckets: frozenset[str]) -> None:
        self.close()
        ready = Path(f"{_socket(self._folder)}.ready")
        for left in (ready, _socket(self._folder)):
            left.unlink(missing_ok=True)
        settings = {**SPARK_CONF, **_QUICK, **self._behind_the_link(buckets)}
        command = [
            str(_SUBMIT),
            *local_options(self._link),
            *(part for name, value in settings.items() for part in ("--conf", f"{name}={value}")),
            *(str(_HERE / "warm_spark.py"), str(ROOT), str(_socket(self._folder))),
        ]
        log = self._folder / "warm_spark.log"
        with log.open("wb") as output:
            self._process = start(command, stdout=output, stderr=subprocess.STDOUT, env=spark_environment())
        _wait_until_ready(self._process, ready, log)
        self._mapped = buckets

    def _behind_the_link(self, buckets: frozenset[str]) -> dict[str, str]:
        folders = {each: self._link / each.split(".")[-2] for each in buckets}
        return {f"spark.hadoop.{each}": folder.as_uri() for each, folder in folders.items()}

    def _finish_the_last_step(self) -> None:
        """Wait until it takes the next request: a step whose run was aborted still writes into the buckets."""
        if self._process and self._process.poll() is None:
            with Client(str(_socket(self._folder)), "AF_UNIX") as connection:
                connection.send([])
                connection.recv()


def cold_spark(folder: Path) -> AbstractContextManager[None]:
    """Steps are real spark-submits."""
    return _marked(folder / _COLD)


def endless_spark(folder: Path) -> AbstractContextManager[None]:
    """Steps run until they are ended."""
    return _marked(folder / _ENDLESS)


@contextmanager
def _marked(path: Path) -> Iterator[None]:
    path.touch()
    try:
        yield
    finally:
        path.unlink()


def _wait_until_ready(process: "subprocess.Popen[bytes]", ready: Path, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the warm Spark process did not start: {log.read_text()[-2000:]}")
        time.sleep(_POLL_SECONDS)


def _socket(folder: Path) -> Path:
    return folder / "spark.sock"
