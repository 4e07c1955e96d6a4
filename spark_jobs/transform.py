"""One run's landing files, copied to the working zone, to typed and de-duplicated Parquet.

    spark-submit --py-files code.zip transform.py --run-id X --fencing-token N --plan s3://working/run=X/plan.json
        --processed s3://processed/run=X --quarantine s3://quarantine/run=X

Writes PROCESSED/<dataset>/ and PROCESSED/accounting/ (Parquet), and QUARANTINE/<dataset>/ (JSON lines) for the
datasets that have rejects. A second run with the same arguments replaces what the first one wrote.
"""

import argparse
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
from spark_jobs.plan import Layout, layouts_of
from spark_jobs.quarantine import rejected_rows
from spark_jobs.reading import read_records, read_text
from spark_jobs.schema import no_rows
from spark_jobs.versions import rank_versions, winners

log = logging.getLogger("transform")


class TransformError(Exception):
    """At least one dataset could not be transformed; the message names each one and its cause."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """The arguments of one run; `plan`, `processed` and `quarantine` are URIs without a trailing slash."""

    run_id: str
    fencing_token: int
    plan: str
    processed: str
    quarantine: str


def job_from(arguments: list[str]) -> Job:
    """The job of a command line; argparse ends the process with usage if an argument is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--fencing-token", required=True, type=int)
    parser.add_argument("--plan", required=True)
    parser.add_argument("--processed", required=True)
    parser.add_argument("--quarantine", required=True)
    return Job(**vars(parser.parse_args(arguments)))


def run(spark: SparkSession, job: Job) -> dict[str, Counts]:
    """Transform every dataset and write the accounting; the counts by dataset name.

    TransformError if any dataset failed; the others are finished first, the accounting is not written.
    """
    layouts = layouts_of(read_text(spark, job.plan), run_id=job.run_id)
    with ThreadPoolExecutor(max_workers=len(DATASETS)) as pool:
        futures = {
            dataset.name: pool.submit(
                transform, spark, job, dataset, [layout for layout in layouts if layout.dataset == dataset]
            )
            for dataset in DATASETS
        }
    errors = {name: error for name, future in futures.items() if (error := future.exception())}
    if errors:
        causes = "; ".join(f"dataset {name}: {reason(error)}" for name, error in errors.items())
        raise TransformError(causes) from next(iter(errors.values()))
    counts = {name: future.result() for name, future in futures.items()}
    accounting = accounting_rows(spark, counts, run_id=job.run_id, fencing_token=job.fencing_token)
    write_parquet(accounting, f"{job.processed}/accounting")
    return counts


def transform(spark: SparkSession, job: Job, dataset: Dataset, layouts: list[Layout]) -> Counts:
    """Write one dataset's newest versions, and its rejects if there are any."""
    # within one pool even a FAIR scheduler works first in, first out
    spark.sparkContext.setLocalProperty("spark.scheduler.pool", dataset.name)
    target = f"{job.processed}/{dataset.name}"
    if not layouts:
        write_parquet(no_rows(spark, dataset).coalesce(1), target)
        return Counts()
    counts = write_winners(spark, dataset, layouts, target)
    counts.require_identity()
    if counts.rows_quarantined:
        rejects = rejected_rows(spark, dataset, layouts, run_id=job.run_id)
        written = write_rejects(rejects, f"{job.quarantine}/{dataset.name}")
        if written != counts.rows_quarantined:
            raise UnaccountedRowsError(
                f"{counts.rows_quarantined} rows were rejected but {written} written to quarantine"
            )
    log.info("%s: %s", dataset.name, counts)
    return counts


def write_winners(spark: SparkSession, dataset: Dataset, layouts: list[Layout], target: str) -> Counts:
    """Read, clean, rank and write a dataset in one pass; the counts come out of the same pass."""
    before, after = Observation(), Observation()
    cleaned = clean_rows(read_records(spark, layouts), dataset).observe(
        before, *counted_before_ranking(dataset)
    )
    accepted = cleaned.where(~is_rejected(dataset))
    ranked = rank_versions(accepted, dataset).observe(after, *counted_after_ranking())
    write_parquet(winners(ranked, dataset), target)
    return Counts(**before.get, **after.get)


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
