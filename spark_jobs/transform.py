"""One run's landing files, copied to the working zone, to typed and de-duplicated Parquet.

    spark-submit --py-files code.zip transform.py --run-id X --fencing-token N --started 2020-02-19T21:38:16.690Z
        --plan s3://working/run=X/copied.json --processed s3://processed/run=X --quarantine s3://quarantine/run=X

Writes PROCESSED/<dataset>/, PROCESSED/accounting/ and PROCESSED/files/ (Parquet), and JSON lines: QUARANTINE/<dataset>/
for the datasets that have rejects, QUARANTINE/unreadable/ if there are files that cannot be read; the run goes on
without them. A second run with the same arguments replaces what the first one wrote.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from catalog import DATASETS, Dataset
from spark_jobs.accounting import (
    Counts,
    UnaccountedRowsError,
    accounting_rows,
    counted_after_ranking,
    counted_before_ranking,
)
from spark_jobs.clean import clean_rows, is_rejected
from spark_jobs.conf import SPARK_CONF, require_conf
from spark_jobs.diagnosis import diagnose, is_unreadable_content
from spark_jobs.files import (
    QUARANTINED_BY_FILE,
    READ_BY_FILE,
    FileCounts,
    counted_by_file,
    file_rows,
    require_files,
    unreadable_rows,
)
from spark_jobs.job import Job, job_from
from spark_jobs.plan import PlannedFile, files_of, layouts_of
from spark_jobs.quarantine import rejected_rows
from spark_jobs.reading import Source, read_records, read_text, sources_of
from spark_jobs.schema import no_rows
from spark_jobs.versions import rank_versions, winners

log = logging.getLogger("transform")


class TransformError(Exception):
    """At least one dataset could not be transformed; the message names each one and its cause."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one dataset's rows and files; `problems` are of the files that could not be read."""

    counts: Counts = field(default_factory=Counts)
    files: FileCounts = field(default_factory=FileCounts)
    problems: dict[PlannedFile, str] = field(default_factory=dict)


def run(spark: SparkSession, job: Job) -> dict[str, Counts]:
    """Transform every dataset and write the accounting of rows and files; the counts by dataset name.

    TransformError if any dataset failed; the others are finished first, the accounting is not written.
    """
    plan = read_text(spark, job.plan)
    files = files_of(plan)
    sources = sources_of(layouts_of(plan, run_id=job.run_id), files, run_id=job.run_id)
    with ThreadPoolExecutor(max_workers=len(DATASETS)) as pool:
        futures = {
            dataset.name: pool.submit(
                transform, spark, job, dataset, [part for part in sources if part.layout.dataset == dataset]
            )
            for dataset in DATASETS
        }
    errors = {name: error for name, future in futures.items() if (error := future.exception())}
    if errors:
        causes = "; ".join(f"dataset {name}: {reason(error)}" for name, error in errors.items())
        raise TransformError(causes) from next(iter(errors.values()))
    outcomes = {name: future.result() for name, future in futures.items()}
    write_accounting(spark, job, files, outcomes)
    return {name: outcome.counts for name, outcome in outcomes.items()}


def transform(spark: SparkSession, job: Job, dataset: Dataset, sources: Sequence[Source]) -> Outcome:
    """Write one dataset's newest versions, and its rejects if there are any."""
    # within one pool even a FAIR scheduler works first in, first out
    spark.sparkContext.setLocalProperty("spark.scheduler.pool", dataset.name)
    readable, problems = sources, dict[PlannedFile, str]()
    try:
        counts, files = write_winners(spark, job, dataset, readable)
    except Exception as error:
        if not is_unreadable_content(error):
            raise
        readable, problems = diagnose(spark, sources)
        log.warning("%s: some files cannot be read as they are: %s", dataset.name, problems or "bad quoting")
        counts, files = write_winners(spark, job, dataset, readable)
    counts.require_identity()
    files.require_sums(read=counts.rows_read, quarantined=counts.rows_quarantined)
    if counts.rows_quarantined:
        rejects = rejected_rows(spark, dataset, readable, run_id=job.run_id, started=job.started)
        written = write_rejects(rejects, f"{job.quarantine}/{dataset.name}")
        if written != counts.rows_quarantined:
            raise UnaccountedRowsError(
                f"{counts.rows_quarantined} rows were rejected but {written} written to quarantine"
            )
    log.info("%s: %s", dataset.name, counts)
    return Outcome(counts=counts, files=files, problems=problems)


def write_winners(
    spark: SparkSession, job: Job, dataset: Dataset, sources: Sequence[Source]
) -> tuple[Counts, FileCounts]:
    """Read, clean, rank and write a dataset in one pass; the counts come out of the same pass."""
    target = f"{job.processed}/{dataset.name}"
    if not sources:
        write_parquet(no_rows(spark, dataset).coalesce(1), target)
        return Counts(), FileCounts()
    files = [file for source in sources for file in source.files]
    records = read_records(spark, sources)
    require_files(records, files)
    before, after = Observation(), Observation()
    cleaned = clean_rows(records, dataset, started=job.started).observe(
        before, *counted_before_ranking(dataset), *counted_by_file(dataset, len(files))
    )
    accepted = cleaned.where(~is_rejected(dataset))
    ranked = rank_versions(accepted, dataset).observe(after, *counted_after_ranking())
    write_parquet(winners(ranked, dataset), target)
    counts = before.get
    by_file = FileCounts.of(counts.pop(READ_BY_FILE), counts.pop(QUARANTINED_BY_FILE))
    by_file.require_parts(files)
    return Counts(**counts, **after.get), by_file


def write_accounting(
    spark: SparkSession, job: Job, files: Sequence[PlannedFile], outcomes: Mapping[str, Outcome]
) -> None:
    """Write where every row and every file went, and the files that could not be read, if there are any."""
    counts = {name: outcome.counts for name, outcome in outcomes.items()}
    accounting = accounting_rows(spark, counts, run_id=job.run_id, fencing_token=job.fencing_token)
    write_parquet(accounting, f"{job.processed}/accounting")
    by_file = FileCounts.total(outcome.files for outcome in outcomes.values())
    problems = {file: words for outcome in outcomes.values() for file, words in outcome.problems.items()}
    write_parquet(file_rows(spark, files, by_file, problems, run_id=job.run_id), f"{job.processed}/files")
    if problems:
        unreadable = unreadable_rows(spark, problems, run_id=job.run_id)
        unreadable.write.mode("overwrite").json(f"{job.quarantine}/unreadable", ignoreNullFields=False)


def write_rejects(rejects: DataFrame, target: str) -> int:
    """Write JSON lines; the number of lines."""
    written = Observation()
    observed = rejects.observe(written, F.count("*").alias("rows"))
    observed.write.mode("overwrite").json(target, ignoreNullFields=False)
    return int(written.get["rows"])


def write_parquet(rows: DataFrame, target: str) -> None:
    rows.write.mode("overwrite").parquet(target)


def reason(error: BaseException) -> str:
    """The causes of an error in one line, innermost last, without the stack traces Java puts around them."""
    lines = str(error).splitlines()
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    each_once = list(
        dict.fromkeys(reversed(causes))
    )  # the executor's trace comes first, the driver repeats it
    return ", caused by ".join(reversed(each_once)) or f"{type(error).__name__}: {' '.join(lines)}"


def main(arguments: list[str]) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    log.setLevel(logging.INFO)  # and not the root logger: py4j has much to say
    job = job_from(arguments)
    spark = SparkSession.builder.getOrCreate()
    try:
        require_conf({key: spark.conf.get(key, None) for key in SPARK_CONF})
        run(spark, job)
    except Exception as error:
        print_to_stderr(spark, f"{type(error).__name__}: {error}")
        raise
    finally:
        spark.stop()


def print_to_stderr(spark: SparkSession, line: str) -> None:
    """Write to the stderr of spark-submit, where an operator looks: this process's own goes to its stdout."""
    jvm: Any = spark.sparkContext._jvm  # noqa: SLF001 (there is no public handle)
    jvm.System.err.println(line)


if __name__ == "__main__":
    main(sys.argv[1:])
