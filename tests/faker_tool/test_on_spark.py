"""The load generator as a Spark step."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog import DATASETS, REVIEWS
from faker_tool.chunk import ROWS
from faker_tool.generate import generate
from faker_tool.on_spark import main, plan_parts
from tests.spark_jobs.submitting import spark_submit

UNTIL = datetime(2020, 3, 1, tzinfo=UTC)


def on_spark(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return spark_submit(
        folder, "faker_tool/on_spark.py", arguments, packages=["catalog", "faker_tool", "landing"]
    )


def body(folder: Path, stem: str) -> bytes:
    """The records of a dataset's parts, one after the other."""
    parts = sorted((folder / stem).iterdir())
    return b"".join(part.read_bytes().partition(b"\n")[2] for part in parts)


@pytest.mark.spark
def test_the_cluster_makes_the_records_of_the_command(tmp_path: Path) -> None:
    # 990 bytes are one record of each dataset; a file has two chunks of authors, or one of another dataset
    options = ("--size", "39600kB", "--files-of", "4MB", "--seed", "7", "--until", "2020-03-01")
    done = on_spark(tmp_path, *options, "--out", tmp_path / "load")
    generate(tmp_path / "one", records=40_000, seed=7, until=UNTIL)

    assert done.returncode == 0, done.stderr
    assert "11 files, 40,000 records of each dataset, " in done.stdout
    for dataset in DATASETS:
        stem = dataset.landing_name
        assert (
            body(tmp_path / "load", stem)
            == (tmp_path / "one" / f"{stem}.csv").read_bytes().partition(b"\n")[2]
        )

    again = on_spark(tmp_path, *options, "--out", tmp_path / "load")
    assert again.returncode != 0
    assert "already holds author/part-00000.csv" in again.stderr + again.stdout


def test_parts_cover_all_records_once() -> None:
    parts = plan_parts([REVIEWS], records=5 * ROWS + 7, files_of=2 * 391 * ROWS)

    assert [(part.number, part.first_chunk, part.records) for part in parts] == [
        (0, 0, 2 * ROWS),
        (1, 2, 2 * ROWS),
        (2, 4, ROWS + 7),
    ]


def test_a_text_that_is_not_a_size_is_refused_before_spark_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--size", "1TBx", "--out", "s3://landing"])

    assert "'1TBx' is not a size; write it like 500kB, 100MB or 11.4GB" in capsys.readouterr().err
