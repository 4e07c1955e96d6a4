"""The script of a spark-submit that waits for its step: it becomes the step's script once it is told which.

    spark-submit <options> <the step's settings> waiting.py NOTE

NOTE is a JSON document that appears when the step comes: {"hadoop": {setting: value}, "code": [URI], "script": URI, "arguments":
[text]}. Nothing of this project can be imported here: the step's code comes with the step.
"""

import json
import runpy
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pyspark import SparkFiles
from pyspark.sql import SparkSession

_POLL_SECONDS = 0.02
_REPETITIONS = 8


def main(note: Path) -> None:
    spark = SparkSession.builder.getOrCreate()
    if not note.exists():
        _warm_up(spark, note)
    while not note.exists():
        time.sleep(_POLL_SECONDS)
    step = json.loads(note.read_text(encoding="utf-8"))
    note.unlink()
    _become(spark, step)


def _become(spark: SparkSession, step: dict[str, Any]) -> None:
    context = spark.sparkContext
    hadoop = context._jsc.hadoopConfiguration()  # noqa: SLF001 (there is no public handle)
    for name, value in step["hadoop"].items():
        hadoop.set(name, value)
    for uri in step["code"]:
        context.addPyFile(uri)
    context.addFile(step["script"])
    script = SparkFiles.get(Path(urlsplit(step["script"]).path).name)
    sys.path[0] = str(Path(script).parent)  # until now the folder of this script
    sys.argv = [script, *step["arguments"]]
    runpy.run_path(script, run_name="__main__")


def _warm_up(spark: SparkSession, note: Path) -> None:
    """Load what a step with Python tasks, a shuffle and files needs: Java's classes, the Python workers, and the libraries here and there.

    Then do the shortest job a few times more: the JVM compiles what it has run often, and there is nothing else to do until the step comes.
    """
    _load_libraries()
    cores = spark.sparkContext.defaultParallelism
    rows = spark.range(0, cores, 1, cores).mapInArrow(_with_libraries, "id long")
    with tempfile.TemporaryDirectory() as folder:
        rows.repartition(cores, "id").write.mode("overwrite").parquet(f"{folder}/rows")
    for _ in range(_REPETITIONS):
        if note.exists():
            break
        rows.collect()


def _with_libraries(batches: Any) -> Any:
    _load_libraries()  # in the worker, which is forked for later tasks
    return batches


def _load_libraries() -> None:
    import duckdb  # noqa: F401, PLC0415
    import pandas as pd  # type: ignore[import-untyped]  # noqa: F401, PLC0415 - mapInArrow and DuckDB ask for it
    import pyarrow.dataset  # noqa: PLC0415 - with it DuckDB reads a table of Arrow's
    import pyarrow.parquet  # noqa: F401, PLC0415


if __name__ == "__main__":
    main(Path(sys.argv[1]))
