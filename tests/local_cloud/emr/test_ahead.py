"""A spark-submit that starts before its step: which step it takes, and that the step runs as it would have run by itself."""

import errno
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from local_cloud.emr.ahead import Submission
from local_cloud.emr.steps import StepRunner
from local_cloud.identity import Keys
from spark_jobs.conf import SPARK_CONF
from tests.local_cloud.alive import is_alive
from tests.local_cloud.waiting import until

SETTINGS = {"spark.a": "1", "spark.b": "x=y"}
STEP = ["spark-submit", "--deploy-mode", "client", "--conf", "spark.a=1", "--conf", "spark.b=x=y"]
STEP += ["--py-files", "s3://code/a.zip,s3://code/b.zip", "s3://code/job.py", "--run-id", "run 1"]

SUBMIT = """\
#!/bin/sh
for note; do :; done
echo $$ >> {started}
case "$note" in *.json) ;; *) echo by itself; {keys}; exit 0 ;; esac
until [ -e "$note" ]; do sleep 0.02; done
cat "$note"
{keys}
"""
"""A spark-submit that does nothing; with a note as its last argument it waits for the note, as waiting.py does.

It writes down whose keys an AWS client of it finds.
"""

FIND_KEYS = (
    """echo "$AWS_ACCESS_KEY_ID" > {found}; cat "$AWS_SHARED_CREDENTIALS_FILE" >> {found} 2> /dev/null || :"""
)


def always() -> bool:
    return True


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """A file with the process of each spark-submit that was started."""
    return tmp_path / "started"


@pytest.fixture
def steps(tmp_path: Path, started: Path) -> Iterator[StepRunner]:
    for name in ("buckets", "logs"):
        (tmp_path / name).mkdir()
    submit = tmp_path / "spark-submit"
    submit.write_text(SUBMIT.format(started=started, keys=FIND_KEYS.format(found=tmp_path / "keys")))
    submit.chmod(0o755)
    with closing(StepRunner(tmp_path / "buckets", tmp_path / "logs", submit)) as runner:
        yield runner


def processes(started: Path) -> list[int]:
    return [int(line) for line in started.read_text().split()] if started.exists() else []


def test_a_step_with_the_same_settings_is_told_to_the_spark_that_waits(
    steps: StepRunner, tmp_path: Path, started: Path
) -> None:
    steps.start_ahead(SETTINGS)
    (tmp_path / "buckets" / "code").mkdir()
    result = steps.run(STEP, always)
    assert result.state == "COMPLETED", result.reason
    assert json.loads(result.log.read_text()) == {
        "hadoop": {"fs.viewfs.mounttable.code.linkFallback": f"file://{tmp_path}/buckets/code"},
        "code": ["s3://code/a.zip", "s3://code/b.zip"],
        "script": "s3://code/job.py",
        "arguments": ["--run-id", "run 1"],
    }
    assert result.log.name == f"emr-{result.step_id}.log"
    assert len(processes(started)) == 1


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(["spark-submit", "s3://code/job.py"], id="no settings"),
        pytest.param([*STEP[:4], "spark.a=2", *STEP[5:]], id="another value"),
        pytest.param([*STEP[:3], "--conf", "spark.c=1", *STEP[3:]], id="a setting more"),
        pytest.param(["spark-submit", "--num-executors", "3", *STEP[1:]], id="another option"),
        pytest.param(["spark-submit", "--deploy-mode", "cluster", *STEP[3:]], id="another deploy mode"),
        pytest.param(["spark-submit"], id="no script"),
        pytest.param([*STEP[:3], "--conf", "spark.c", *STEP[3:]], id="a setting without a value"),
    ],
)
def test_a_step_that_the_waiting_spark_cannot_run_starts_its_own(
    steps: StepRunner, started: Path, step: Sequence[str]
) -> None:
    steps.start_ahead(SETTINGS)
    until(lambda: len(processes(started)) == 1)
    result = steps.run(step, always)
    assert (result.state, result.log.read_text()) == ("COMPLETED", "by itself\n")
    waited, _ = processes(started)
    assert not is_alive(waited)


def test_a_step_starts_its_own_spark_if_the_waiting_one_has_died(
    steps: StepRunner, tmp_path: Path, started: Path
) -> None:
    submit = tmp_path / "spark-submit"
    submit.write_text(f"#!/bin/sh\necho $$ >> {started}\n")
    steps.start_ahead(SETTINGS)
    until(lambda: len(processes(started)) == 1)
    until(lambda: not is_alive(processes(started)[0]))
    submit.write_text(SUBMIT.format(started=started, keys=":"))
    assert steps.run(STEP, always).log.read_text() == "by itself\n"


@pytest.mark.parametrize(
    "settings", [SETTINGS, {"spark.of": "another deployment"}], ids=["ahead", "by itself"]
)
def test_a_step_finds_the_keys_of_its_nodes_and_none_of_the_person_who_started_the_endpoint(
    steps: StepRunner, tmp_path: Path, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-person")
    steps.start_ahead(settings)
    steps.run(STEP, always, Keys("of-the-nodes", "secret", "token"))
    assert (tmp_path / "keys").read_text().splitlines() == [
        "",
        "[default]",
        "aws_access_key_id = of-the-nodes",
        "aws_secret_access_key = secret",
        "aws_session_token = token",
    ]
    assert not list((tmp_path / "logs").glob("*.credentials"))


def test_one_spark_that_waits_takes_one_step(steps: StepRunner, started: Path) -> None:
    steps.start_ahead(SETTINGS)
    assert steps.run(STEP, always).log.read_text() != "by itself\n"
    assert steps.run(STEP, always).log.read_text() == "by itself\n"
    assert len(processes(started)) == 2


def test_after_a_step_the_next_spark_starts_with_the_settings_of_that_step(
    steps: StepRunner, started: Path
) -> None:
    steps.start_ahead({"spark.of": "another deployment"}, again=True)
    until(lambda: len(processes(started)) == 1)
    told = [steps.run(STEP, always).log.read_text() for _ in range(3)]
    assert told[0] == "by itself\n"
    assert [json.loads(text)["arguments"] for text in told[1:]] == [STEP[-2:]] * 2
    until(lambda: len(processes(started)) == 5)


def test_a_step_ends_as_it_has_ended_although_the_next_spark_cannot_start(
    steps: StepRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    steps.start_ahead(SETTINGS, again=True)
    monkeypatch.setattr(steps, "start_ahead", full)
    assert steps.run(STEP, always).state == "COMPLETED"


def test_closing_ends_the_spark_that_waits_and_leaves_nothing_of_it(
    steps: StepRunner, tmp_path: Path, started: Path
) -> None:
    steps.start_ahead(SETTINGS, again=True)
    until(lambda: len(processes(started)) == 1)
    steps.close()
    assert not is_alive(processes(started)[0])
    assert list((tmp_path / "logs").iterdir()) == []


def test_a_spark_submit_without_a_script_is_no_submission() -> None:
    assert Submission.parsed(["--conf", "spark.a=1"]) is None
    assert Submission.parsed(STEP[1:]) == Submission(
        SETTINGS, ["s3://code/a.zip", "s3://code/b.zip"], "s3://code/job.py", ["--run-id", "run 1"]
    )


JOB = """
import importlib.util, json, sys
from pathlib import Path
from pyspark.sql import SparkSession

def where(_=None):
    import library
    found = [name for name in ("stacks", "waiting", "duckdb") if importlib.util.find_spec(name)]
    read_from = [*sys.path, *sys.path_importer_cache]
    of_spark = [entry for entry in read_from if entry.endswith((".jar", "pyspark.zip"))]
    return [library.NAME, *found, *of_spark]

def main():
    spark = SparkSession.builder.getOrCreate()
    spark.read.text("s3://working/read.txt").write.text("s3://working/written")
    seen = {
        "driver": [__name__, where(), sys.argv[1:], Path(sys.argv[0]).name],
        "worker": spark.sparkContext.parallelize([0], 1).map(where).first(),
        "setting": spark.conf.get("spark.sql.session.timeZone"),
    }
    Path(SEEN).write_text(json.dumps(seen))
    spark.stop()
    sys.exit(7)

main()
"""
"""A job that writes what it sees into the file `SEEN`: within its log, lines of Spark's may come between."""


@pytest.mark.spark
def test_a_step_runs_in_a_waiting_spark_as_it_runs_by_itself(tmp_path: Path) -> None:
    buckets, logs = tmp_path / "buckets é", tmp_path / "logs"
    for folder in (buckets, logs, tmp_path / "code"):
        folder.mkdir()
    (tmp_path / "code" / "library.py").write_text("NAME = 'of the zip'\n")
    conf = [part for name, value in SPARK_CONF.items() for part in ("--conf", f"{name}={value}")]
    step = [
        "spark-submit",
        *conf,
        "--py-files",
        "s3://code/library.zip",
        "s3://code/job.py",
        "one",
        "two words",
    ]
    seen = []
    with closing(StepRunner(buckets, logs)) as steps:
        steps.start_ahead(SPARK_CONF)
        for bucket in ("code", "working"):
            (buckets / bucket).mkdir()
        shutil.make_archive(str(buckets / "code" / "library"), "zip", tmp_path / "code")
        (buckets / "code" / "job.py").write_text(f"SEEN = {str(tmp_path / 'seen.json')!r}\n{JOB}")
        (buckets / "working" / "read.txt").write_text("text\n")
        for _ in range(2):
            result = steps.run(step, always)
            assert result.state == "FAILED"
            seen.append(json.loads((tmp_path / "seen.json").read_text()))
            (tmp_path / "seen.json").unlink()
            (part,) = (buckets / "working" / "written").glob("part-*")
            assert part.read_text() == "text\n"
            shutil.rmtree(buckets / "working" / "written")
    waited, by_itself = seen
    assert waited == by_itself
    assert waited == {
        "driver": ["__main__", ["of the zip", "duckdb"], ["one", "two words"], "job.py"],
        "worker": ["of the zip", "duckdb"],
        "setting": "UTC",
    }
