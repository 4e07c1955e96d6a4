"""Turns one run's copied landing files into typed and de-duplicated Parquet.

    spark-submit --py-files code.zip transform.py --run-id X --fencing-token N --started 2020-02-19T21:38:16.690Z
        --plan s3://working/run=X/copied.json --processed s3://processed/run=X --quarantine s3://quarantine/run=X

Writes PROCESSED/<dataset>/, PROCESSED/accounting/ and PROCESSED/files/ (Parquet), and JSON lines: QUARANTINE/<dataset>/
for the datasets that have rejects, QUARANTINE/unreadable/ if some files cannot be read (the run goes on without them), and
QUARANTINE/remarks/ if there is something to say about other files.
A second run with the same arguments replaces the first one's files.
"""

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import dropwhile
from typing import Any

from pyspark.errors import PythonException
from pyspark.sql import SparkSession

from catalog import DATASETS, Dataset
from contract.keys import PART, REMARKS, UNREADABLE
from contract.ledger import ACCOUNTING, FILES, Counts
from contract.plan import PlannedFile, Remark
from spark_jobs.accounting import FileCounts, accounting_rows, file_rows, unreadable_files
from spark_jobs.conf import SPARK_CONF, require_conf
from spark_jobs.job import DatasetRun, Job, job_from
from spark_jobs.ranges import cores_of
from spark_jobs.sources import files_of, read_plan
from spark_jobs.staging import Outcome, stage
from spark_jobs.storage import Folder, delete_folder

_ONLY_PARQUET, _ONLY_JSON = f"{PART}00000.parquet", f"{PART}00000.json"

log = logging.getLogger("transform")


class TransformError(Exception):
    """At least one dataset could not be transformed; the message names each one and its cause."""


def run(spark: SparkSession, job: Job) -> dict[str, Counts]:
    """Transform every dataset and write the accounting of rows and files; the counts by dataset name.

    TransformError if a dataset failed; the other datasets are finished first, and the accounting is not written.
    """
    plan = read_plan(spark, job)
    files = files_of(plan)
    sizes = {dataset: sum(file.size for file in found) for dataset, found in files.items()}
    # no more datasets at once than cores: a small one that is ready first would keep a core from the greatest one
    at_once = min(len(DATASETS), spark.sparkContext.defaultParallelism)
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        begun = {
            each.dataset: pool.submit(stage, each, files[each.dataset]) for each in runs_of(spark, job, sizes)
        }
    futures = {dataset.name: begun[dataset] for dataset in DATASETS}
    errors = {name: error for name, future in futures.items() if (error := future.exception())}
    if errors:
        causes = "; ".join(f"dataset {name}: {reason(error)}" for name, error in errors.items())
        raise TransformError(causes) from next(iter(errors.values()))
    outcomes = {name: future.result() for name, future in futures.items()}
    write_accounting(spark, job, plan.files, outcomes)
    return {name: outcome.counts for name, outcome in outcomes.items()}


def runs_of(spark: SparkSession, job: Job, sizes: Mapping[Dataset, int]) -> list[DatasetRun]:
    """The datasets' parts of the run, the greatest dataset first: the small ones fill the cores at the end. `sizes` in bytes."""
    cores = cores_of(sizes, spark.sparkContext.defaultParallelism)
    greatest_first = sorted(sizes, key=lambda dataset: sizes[dataset], reverse=True)
    return [
        DatasetRun(spark, job, dataset, cores[dataset], place) for place, dataset in enumerate(greatest_first)
    ]


def write_accounting(
    spark: SparkSession, job: Job, files: Sequence[PlannedFile], outcomes: Mapping[str, Outcome]
) -> None:
    """Write where every row and every file went, and the list of unreadable files if there are any."""
    counts = {name: outcome.counts for name, outcome in outcomes.items()}
    accounting = accounting_rows(counts, run_id=job.run_id, fencing_token=job.fencing_token)
    _emptied(spark, f"{job.processed}/{ACCOUNTING.name}").write_parquet(
        _ONLY_PARQUET, accounting.schema, [accounting]
    )
    by_file = FileCounts.total(outcome.files for outcome in outcomes.values())
    problems = {file: words for outcome in outcomes.values() for file, words in outcome.problems.items()}
    rows = file_rows(files, by_file, problems, run_id=job.run_id)
    _emptied(spark, f"{job.processed}/{FILES.name}").write_parquet(_ONLY_PARQUET, rows.schema, [rows])
    if unreadable := unreadable_files(problems, run_id=job.run_id):
        _emptied(spark, f"{job.quarantine}/{UNREADABLE}").write_json_lines(
            _ONLY_JSON, map(asdict, unreadable)
        )
    remarks = [
        Remark(run_id=job.run_id, key=file.key, remark=words)
        for file in files
        for words in _remarks(file.number, by_file)
    ]
    if remarks:
        _emptied(spark, f"{job.quarantine}/{REMARKS}").write_json_lines(_ONLY_JSON, map(asdict, remarks))


def _emptied(spark: SparkSession, uri: str) -> Folder:
    """The folder, without the files of an earlier attempt. A few rows need no job of Spark's to be written."""
    delete_folder(uri, spark)
    return Folder.at(uri, spark)


def _remarks(file: int, counts: FileCounts) -> Iterator[str]:
    """What there is to say about the file of that number."""
    if of_header := counts.headers.get(file):
        yield of_header
    if blank := counts.blank[file]:
        yield f"{blank:,} records hold nothing in any field and are skipped, like blank lines"
    if file in counts.backslashes:
        yield (
            "quotes inside of values seem to be escaped with backslashes, expected two quotes; such records are rejected. "
            """Write the file again with quotes doubled: in Spark .option("escape", '"'), in Redshift UNLOAD with CSV"""
        )


def reason(error: BaseException) -> str:
    """The causes of an error in one line, innermost last, without Java's and Python's stack traces."""
    lines = str(error).splitlines()
    if isinstance(error, PythonException):
        return " ".join(_after_traceback(lines))
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    each_once = list(
        dict.fromkeys(reversed(causes))
    )  # the executor's trace comes first; the driver repeats it
    return ", caused by ".join(reversed(each_once)) or f"{type(error).__name__}: {' '.join(lines)}"


def _after_traceback(lines: Sequence[str]) -> list[str]:
    """The text after a Python traceback's last frame; a message may have several lines."""
    last_frame = max((index for index, line in enumerate(lines) if line.startswith('  File "')), default=0)
    message = list(dropwhile(lambda line: line.startswith(" "), lines[last_frame:]))
    return [line.strip() for line in message or lines if line.strip()]


def main(arguments: list[str]) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    log.setLevel(logging.INFO)  # not the root logger: py4j logs a lot
    job = job_from(arguments)
    spark = SparkSession.builder.getOrCreate()
    try:
        require_conf({key: spark.conf.get(key, None) for key in SPARK_CONF})
        run(spark, job)
    except Exception as error:
        print_to_stderr(spark, f"{type(error).__name__}: {error}")
        raise


def print_to_stderr(spark: SparkSession, line: str) -> None:
    """Write to spark-submit's stderr, where an operator looks: this process's own stderr goes to spark-submit's stdout."""
    jvm: Any = spark.sparkContext._jvm  # noqa: SLF001 (there is no public handle)
    jvm.System.err.println(line)


if __name__ == "__main__":
    main(sys.argv[1:])
