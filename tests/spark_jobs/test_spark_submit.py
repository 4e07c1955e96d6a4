"""The job as EMR starts it: `spark-submit` of a lone script and a zip, on `s3://` URIs."""

import json
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from catalog import AUTHORS
from contract.plan import Plan, PlannedFile
from spark_jobs.conf import SPARK_CONF
from tests.spark_jobs.submitting import spark_submit

pytestmark = pytest.mark.spark

BUCKETS = ("working", "processed", "quarantine")


def hadoop_conf(root: Path) -> dict[str, str]:
    """Hadoop settings that map `s3://bucket/key` to `root`/bucket/key."""
    return {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
        "spark.hadoop.fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFs",
        "spark.hadoop.fs.viewfs.overload.scheme.target.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    } | {
        f"spark.hadoop.fs.viewfs.mounttable.{bucket}.linkFallback": f"file://{root}/{bucket}"
        for bucket in BUCKETS
    }


def transform(folder: Path, conf: dict[str, str]) -> subprocess.CompletedProcess[str]:
    arguments = ["--run-id", "X", "--fencing-token", "3", "--started", "2020-02-20T00:00:00.000Z"]
    zones = [
        "--plan",
        "s3://working/run=X/copied.json",
        "--processed",
        "s3://processed/run=X",
        "--quarantine",
        "s3://quarantine/run=X",
    ]
    return spark_submit(
        folder,
        "spark_jobs/transform.py",
        [*arguments, *zones],
        packages=["catalog", "contract", "spark_jobs"],
        conf=conf,
    )


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    """Three buckets; in the working zone a plan and a file of one good and one bad author."""
    for bucket in BUCKETS:
        (tmp_path / bucket).mkdir()
    folder = "run=X/authors/"
    landed = tmp_path / "working" / folder / "00007-a.csv"
    landed.parent.mkdir(parents=True)
    header = ",".join(AUTHORS.column_names)
    landed.write_text(f"{header}\n1,Ann,,,,,,2020-02-19 21:38:16\nx,,,,,,,2020-02-19 21:38:16\n")
    plan = Plan(
        run_id="X",
        files=(
            PlannedFile(
                key="author.csv",
                etag="e",
                size=landed.stat().st_size,
                target=f"{folder}00007-a.csv",
                dataset=AUTHORS.name,
            ),
        ),
    )
    (tmp_path / "working/run=X/copied.json").write_text(plan.to_json())
    return tmp_path


def test_the_job_runs_on_s3_uris_from_a_script_and_a_zip(zones: Path) -> None:
    finished = transform(zones, SPARK_CONF | hadoop_conf(zones))

    assert finished.returncode == 0, finished.stderr
    (authors,) = (zones / "processed/run=X/authors").iterdir()
    assert pq.read_table(authors).column("name").to_pylist() == ["Ann"]
    (accounting,) = (zones / "processed/run=X/accounting").iterdir()
    assert sorted(pq.read_table(accounting).column("rows_read").to_pylist()) == [0, 0, 0, 2]
    (files,) = (zones / "processed/run=X/files").iterdir()
    (file,) = pq.read_table(files).to_pylist()
    assert (file["file_key"], file["rows_read"], file["rows_quarantined"]) == ("author.csv", 2, 1)
    (rejects,) = (zones / "quarantine/run=X/authors").iterdir()
    assert json.loads(rejects.read_text())["file"] == "s3://working/run=X/authors/00007-a.csv"


def test_a_failure_ends_with_a_line_that_says_what_to_do(zones: Path) -> None:
    finished = transform(zones, hadoop_conf(zones))

    assert finished.returncode != 0
    errors = [line for line in finished.stderr.splitlines() if line.startswith("ValueError: ")]
    assert errors, finished.stderr
    assert errors[-1].startswith("ValueError: start Spark with the settings this job depends on")
    assert list((zones / "processed").iterdir()) == []
