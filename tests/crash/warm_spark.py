"""A Spark session that stays warm for the tests: it runs the job's own `run` for each step it is handed.

    spark-submit <local options> <the job's settings> warm_spark.py PROJECT SOCKET

An empty list of arguments asks whether the last step has ended. Starting a JVM takes longer than everything else in a run; the tests that kill Spark use the real spark-submit.
"""

import sys
import traceback
from contextlib import suppress
from multiprocessing.connection import Listener
from pathlib import Path

from pyspark.sql import SparkSession


def step(spark: SparkSession, arguments: list[str]) -> tuple[str, int]:
    """Run the job with the arguments that follow the script's name; (output, exit code)."""
    # the project is not on the path before `main` has put it there
    from spark_jobs.job import job_from  # noqa: PLC0415
    from spark_jobs.transform import run  # noqa: PLC0415

    script = next(number for number, part in enumerate(arguments) if part.endswith(".py"))
    try:
        run(spark.newSession(), job_from(arguments[script + 1 :]))
    except Exception:  # noqa: BLE001 - as spark-submit does: whatever fails becomes output and an exit code
        return traceback.format_exc(), 1
    return "", 0


def main(project: str, socket: str) -> None:
    sys.path.insert(0, project)
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    with Listener(socket, "AF_UNIX") as listener:
        Path(f"{socket}.ready").touch()
        while True:
            with (
                listener.accept() as connection,
                suppress(EOFError, ConnectionError),
            ):  # the step was cancelled
                arguments = connection.recv()
                connection.send(step(spark, arguments) if arguments else None)


if __name__ == "__main__":
    main(*sys.argv[1:])
