"""Starts the warm Spark process and makes the executable that stands in for spark-submit."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_cloud.emr.steps import local_options, spark_environment
from local_cloud.processes import end_tree, start
from spark_jobs.conf import SPARK_CONF
from stacks import ROOT
from tests.local_cloud.waiting import PATIENCE

_HERE = Path(__file__).parent
_SUBMIT = Path(sys.executable).with_name("spark-submit")
_COLD = "cold"
_QUICK = {
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""A dozen rows are read faster by interpreted expressions than Java is generated and compiled for them."""

_POLL_SECONDS = 0.05


def submit_executable(folder: Path) -> Path:
    """An executable for StepRunner: it reaches the warm process of `folder`, or is the real one inside `cold_spark`."""
    path = folder / "submit"
    path.write_text(
        f'#!/bin/sh\n[ -e "{folder / _COLD}" ] && exec "{_SUBMIT}" "$@"\nexec "{sys.executable}" -S "{_HERE / "warm_submit.py"}" "{_socket(folder)}" "$@"\n'
    )
    path.chmod(0o755)
    return path


@contextmanager
def warm_spark(folder: Path, buckets: Path) -> Iterator[None]:
    """The warm process; the buckets must be there already, since a session maps them when it starts."""
    settings = [
        part for name, value in (SPARK_CONF | _QUICK).items() for part in ("--conf", f"{name}={value}")
    ]
    command = [
        str(_SUBMIT),
        *local_options(buckets),
        *settings,
        *(str(_HERE / "warm_spark.py"), str(ROOT), str(_socket(folder))),
    ]
    log = folder / "warm_spark.log"
    with log.open("wb") as output:
        process = start(command, stdout=output, stderr=subprocess.STDOUT, env=spark_environment())
    try:
        _wait_until_ready(process, Path(f"{_socket(folder)}.ready"), log)
        yield
    finally:
        end_tree(process)


@contextmanager
def cold_spark(folder: Path) -> Iterator[None]:
    """Steps are real spark-submits."""
    (folder / _COLD).touch()
    try:
        yield
    finally:
        (folder / _COLD).unlink()


def _wait_until_ready(process: "subprocess.Popen[bytes]", ready: Path, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the warm Spark process did not start: {log.read_text()[-2000:]}")
        time.sleep(_POLL_SECONDS)


def _socket(folder: Path) -> Path:
    return folder / "spark.sock"
