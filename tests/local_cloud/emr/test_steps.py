"""Steps, with shell scripts in the place of spark-submit."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from landing import disk
from local_cloud.emr.steps import (
    StepRunner,
    cores_and_memory,
    failure_cause,
    failure_reason,
    local_options,
    spark_environment,
)
from tests.local_cloud.alive import is_alive
from tests.local_cloud.waiting import until

Runner = Callable[[str], StepRunner]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner whose spark-submit is a shell script."""
    for name in ("buckets", "logs"):
        (tmp_path / name).mkdir()

    def make(script: str) -> StepRunner:
        submit = tmp_path / "spark-submit"
        submit.write_text(f"#!/bin/sh\n{script}\n")
        submit.chmod(0o755)
        return StepRunner(tmp_path / "buckets", tmp_path / "logs", submit)

    return make


def always() -> bool:
    return True


def test_a_step_gets_its_arguments_unchanged_after_the_local_options(runner: Runner, tmp_path: Path) -> None:
    step = runner('for argument in "$@"; do echo "$argument"; done')
    result = step.run(["spark-submit", "s3://code/transform.py", "--run-id", "run 1"], always)
    assert (result.state, result.reason) == ("COMPLETED", "")
    assert result.log.parent == tmp_path / "logs"
    arguments = result.log.read_text().splitlines()
    options = local_options(tmp_path / "buckets")
    assert arguments[: len(options)] == options
    assert options[:2] == ["--master", cores_and_memory()[1]]
    assert arguments[-3:] == ["s3://code/transform.py", "--run-id", "run 1"]


@pytest.mark.parametrize(
    ("cores", "gib", "master", "heap"),
    [
        (2, 24, "local[2]", "6g"),
        (16, 16, "local[8]", "4g"),
        (4, 1, "local[1]", "1g"),
        (64, 256, "local[64]", "8g"),
    ],
)
def test_as_many_tasks_run_at_a_time_as_there_are_cores_and_memory_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cores: int, gib: int, master: str, heap: str
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(total=gib * 1024**3))
    assert local_options(tmp_path)[:4] == ["--master", master, "--driver-memory", heap]


def test_a_step_runs_in_a_folder_without_sources_so_that_python_imports_the_deployed_code(
    runner: Runner, tmp_path: Path
) -> None:
    assert runner("pwd").run(["spark-submit"], always).log.read_text().strip() == str(tmp_path / "logs")


def test_a_step_that_succeeds_is_described_as_emr_does(runner: Runner) -> None:
    result = runner("exit 0").run(["spark-submit"], always)
    assert result.as_api() == {"Step": {"Id": result.step_id, "Status": {"State": "COMPLETED"}}}


def test_a_step_that_fails_is_described_with_the_exception_and_the_log(runner: Runner) -> None:
    result = runner("echo 'TransformError: dataset books: no file' >&2; exit 1").run(["spark-submit"], always)
    assert json.loads(failure_cause(result)) == {
        "Step": {
            "Id": result.step_id,
            "Status": {
                "State": "FAILED",
                "FailureDetails": {
                    "Message": "TransformError: dataset books: no file",
                    "LogFile": str(result.log),
                },
            },
        }
    }


def test_a_step_that_fails_without_a_word_is_described_with_its_exit_code(runner: Runner) -> None:
    assert runner("exit 7").run(["spark-submit"], always).reason == "exit code 7"


def test_a_step_whose_log_did_not_fit_on_the_disk_is_described_with_the_full_disk(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_ROOM", 1 << 80)
    assert runner("exit 7").run(["spark-submit"], always).reason.startswith("exit code 7; disk full: ")


@pytest.mark.parametrize("arguments", [["hadoop", "fs", "-ls"], []])
def test_anything_but_spark_submit_fails_and_says_so(runner: Runner, arguments: list[str]) -> None:
    result = runner("exit 0").run(arguments, always)
    assert result.state == "FAILED"
    assert result.reason == f"only spark-submit runs here, not {arguments[:1]}"


HANG = 'sleep 600 & echo "$$ $!" > {pids}; wait'


def test_a_step_that_is_no_longer_wanted_is_cancelled_with_all_it_has_started(
    runner: Runner, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"

    def wanted() -> bool:
        return not (pids.exists() and pids.read_text().strip())

    result = runner(HANG.format(pids=pids)).run(["spark-submit"], wanted)
    assert (result.state, result.reason) == ("CANCELLED", "the execution ended before its step")
    assert not any(is_alive(int(pid)) for pid in pids.read_text().split())


def test_closing_cancels_the_steps_that_run_and_starts_no_more(runner: Runner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    steps = runner(HANG.format(pids=pids))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(steps.run, ["spark-submit"], always)
        family = [int(pid) for pid in pids.read_text().split()]
        steps.close()
        result = running.result()
    assert result.state == "CANCELLED"
    assert len(family) == 2
    assert not any(is_alive(pid) for pid in family)
    with pytest.raises(RuntimeError, match="going down"):
        steps.run(["spark-submit"], always)


HOLDER = """
import sys
from pathlib import Path
from local_cloud.emr.steps import StepRunner

folder = Path(sys.argv[1])
StepRunner(folder / "buckets", folder / "logs", folder / "spark-submit").run(["spark-submit"], lambda: True)
"""


@pytest.mark.slow
def test_a_step_ends_with_all_it_has_started_when_the_endpoint_is_killed(
    runner: Runner, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    runner(HANG.format(pids=pids))
    with subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path]) as holder:
        family = [int(pid) for pid in pids.read_text().split()]
        assert all(map(is_alive, family))
        holder.kill()
    assert len(family) == 2
    until(lambda: not any(map(is_alive, family)))


def test_every_bucket_is_mapped_to_its_folder(tmp_path: Path) -> None:
    for bucket in ("working", "code-123"):
        (tmp_path / bucket).mkdir()
    (tmp_path / "a-file").touch()
    mapped = [option for option in local_options(tmp_path) if "mounttable" in option]
    table = "spark.hadoop.fs.viewfs.mounttable"
    assert mapped == [
        f"{table}.code-123.linkFallback=file://{tmp_path}/code-123",
        f"{table}.working.linkFallback=file://{tmp_path}/working",
    ]


def test_spark_takes_the_pinned_java_and_no_setting_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_CONF_DIR", "JAVA_HOME", "PYTHONPATH"):
        monkeypatch.setenv(name, "/of/the/system")
    environment = spark_environment()
    assert "/of/the/system" not in environment.values()
    assert (Path(environment["JAVA_HOME"]) / "bin" / "java").exists()


ODD = """
import importlib.util
from pyspark.sql import SparkSession

def names(_=None):
    return [name for name in ("stacks", "duckdb") if importlib.util.find_spec(name)]

spark = SparkSession.builder.getOrCreate()
spark.read.text("s3://working/café 1.txt").write.text("s3://working/written")
print(f"driver: {names()}, worker: {spark.sparkContext.parallelize([0], 1).map(names).first()}")
"""


@pytest.mark.spark
def test_a_step_finds_its_files_whatever_the_locale_and_the_folder_and_no_code_that_was_not_deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "POSIX")
    state = tmp_path / "l'état $1"
    for folder in ("buckets/working", "logs", "code é"):
        (state / folder).mkdir(parents=True)
    (state / "buckets/working/café 1.txt").write_text("text")
    script = state / "code é/script.py"
    script.write_text(ODD, encoding="utf-8")

    result = StepRunner(state / "buckets", state / "logs").run(["spark-submit", str(script)], always)

    assert result.state == "COMPLETED", result.reason
    assert "driver: ['duckdb'], worker: ['duckdb']" in result.log.read_text(encoding="utf-8")
    (part,) = (state / "buckets/working/written").glob("part-*")
    assert part.read_text() == "text\n"
    assert importlib.util.find_spec("stacks")


STARTING = """\
26/11/22 21:08:07 INFO SparkContext: Running Spark version 3.5.6
26/11/22 21:08:07 WARN NativeCodeLoader: Unable to load native-hadoop library for your platform
26/11/22 21:08:09 INFO ErrorReporter: Error: 0 so far, Exception: none
26/11/22 21:08:12 ERROR Executor: Exception in task 0.0 in stage 1.0 (TID 1)
org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows to s3://processed/books.
\tat org.apache.spark.sql.errors.QueryExecutionErrors$.taskFailedWhileWritingRowsError(QueryExecutionErrors.scala:774)
Caused by: java.io.IOException: No space left on device
\tat java.base/sun.nio.ch.FileDispatcherImpl.write0(Native Method)
26/11/22 21:08:13 WARN TaskSetManager: Lost task 0.0 in stage 1.0 (TID 1): java.io.IOException: No space left
"""
STOPPING = """\
26/11/22 21:08:14 INFO SparkContext: SparkContext is stopping with exitCode 0.
26/11/22 21:08:14 INFO MapOutputTrackerMasterEndpoint: MapOutputTrackerMasterEndpoint stopped!
26/11/22 21:08:15 INFO ShutdownHookManager: Shutdown hook called
26/11/22 21:08:15 INFO ShutdownHookManager: Deleting directory /tmp/spark-de980321-b1b4-47f1-88a9-48fde7b48109
"""


ENDINGS = {
    "job": f"{STARTING}TransformError: dataset books: java.io.IOException: No space left on device\n{STOPPING}",
    "job and a warning": f"""{STARTING}TransformError: dataset books: no space
26/11/22 21:08:14 WARN ShutdownHookManager: java.io.IOException: Failed to delete: /tmp/spark-de98
{STOPPING}""",
    "python": f"""Traceback (most recent call last):
  File "transform.py", line 1
ModuleNotFoundError: No module named 'catalog'
{STOPPING}""",
    "jvm": """Exception in thread "main" org.apache.spark.SparkException: Cannot load main class
\tat org.apache.spark.deploy.SparkSubmitArguments.error(SparkSubmitArguments.scala:664)
""",
    "no exception": "usage: transform.py\ntransform.py: the following are required: --plan\n\n",
    "empty": "",
    "long": f"{'INFO filler ' * 5000}\nTransformError: at the end of a long log\n",
}


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("job", "TransformError: dataset books: java.io.IOException: No space left on device"),
        ("job and a warning", "TransformError: dataset books: no space"),
        ("python", "ModuleNotFoundError: No module named 'catalog'"),
        ("jvm", 'Exception in thread "main" org.apache.spark.SparkException: Cannot load main class'),
        ("no exception", "transform.py: the following are required: --plan"),
        ("empty", ""),
        ("long", "TransformError: at the end of a long log"),
    ],
)
def test_the_reason_of_a_failure_is_the_exception_that_ended_the_job(
    tmp_path: Path, ending: str, expected: str
) -> None:
    log = tmp_path / "step.log"
    log.write_text(ENDINGS[ending])
    assert failure_reason(log) == expected


def test_a_stack_trace_in_several_languages_does_not_break_the_reading_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "step.log"
    log.write_bytes("ü".encode() * 20_000 + b"\nValueError: found \xff, expected UTF-8\n")
    assert failure_reason(log) == "ValueError: found \ufffd, expected UTF-8"
