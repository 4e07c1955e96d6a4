"""One dataset's files to its newest versions, its rejects, and the counts of both."""

import logging
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Self

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from catalog import Dataset
from contract.ledger import Counts
from contract.plan import PlannedFile
from spark_jobs import native
from spark_jobs.accounting import UnaccountedRowsError, require_identity
from spark_jobs.clean import clean_rows, is_rejected
from spark_jobs.csv_files import MAX_FILE_BYTES
from spark_jobs.diagnosis import diagnose
from spark_jobs.files import (
    QUARANTINED_BY_FILE,
    READ_BY_FILE,
    FileCounts,
    counted_by_file,
    require_files,
    tallies_by_file,
)
from spark_jobs.job import Job
from spark_jobs.quarantine import explained, numbered_by_spark, numbered_natively
from spark_jobs.reading import Source, read_records
from spark_jobs.tallies import TALLY, FileTally, WinnersTally, tallies

log = logging.getLogger("transform")

Reading = tuple[DataFrame, Callable[[], list[FileTally]]]
"""Packed rows, and what was counted of their files once they were read."""

_GROUP_BYTES = 128 * 1024 * 1024  # CSV text of the keys that one task holds in memory
_MOST_GROUPS = 1024


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one dataset's rows and files; `problems` are of the files that could not be read."""

    counts: Counts = field(default_factory=Counts)
    files: FileCounts = field(default_factory=FileCounts)
    problems: dict[PlannedFile, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What is to be read, and how: `native` outside of the JVM, which takes regular files only, the others `by_spark`."""

    native: tuple[Source, ...] = ()
    by_spark: tuple[Source, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.native + self.by_spark

    @property
    def files(self) -> list[PlannedFile]:
        return [file for source in self.sources for file in source.files]

    @property
    def groups(self) -> int:
        """Into how many groups the keys are divided, so that one fits into a task."""
        return min(_MOST_GROUPS, 1 + sum(file.size for file in self.files) // _GROUP_BYTES)

    def of(self, numbers: Container[int]) -> "Intake":
        """The part with the files that have one of these numbers."""
        return Intake(native=_of(self.native, numbers), by_spark=_of(self.by_spark, numbers))


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What was counted while a dataset was written; `left` are the numbers of files that were not read natively."""

    counts: Counts = field(default_factory=Counts)
    files: FileCounts = field(default_factory=FileCounts)
    left: frozenset[int] = frozenset()

    @classmethod
    def of(cls, files: Sequence[FileTally], won: Sequence[WinnersTally]) -> Self:
        """From what was counted of files, several times of one that was cut, and of groups of keys."""
        by_file = FileCounts.tallied(files)
        counts = Counts(
            rows_read=by_file.read.total(),
            rows_staged=sum(tally.staged for tally in won),
            rows_stale=sum(tally.stale for tally in won) + sum(tally.older for tally in files),
            rows_duplicate=sum(tally.duplicate for tally in won),
            rows_quarantined=by_file.quarantined.total(),
        )
        return cls(
            counts=counts, files=by_file, left=frozenset(tally.number for tally in files if tally.left)
        )


def stage(spark: SparkSession, job: Job, dataset: Dataset, sources: Sequence[Source]) -> Outcome:
    """Write one dataset's newest versions, and its rejects if there are any."""
    # within one pool even a FAIR scheduler works first in, first out
    spark.sparkContext.setLocalProperty("spark.scheduler.pool", dataset.name)
    files = [file for source in sources for file in source.files]
    left = frozenset(file.number for file in files if file.size > MAX_FILE_BYTES and not file.parts)
    while True:
        intake, problems = _intake(spark, dataset, sources, left)
        staged = write_newest(spark, job, dataset, intake)
        if not staged.left:
            break
        left |= staged.left
    require_identity(staged.counts)
    if staged.counts.rows_quarantined:
        write_rejects(
            spark, job, dataset, intake.of(staged.files.quarantined), staged.counts.rows_quarantined
        )
    log.info("%s: %s", dataset.name, staged.counts)
    return Outcome(counts=staged.counts, files=staged.files, problems=problems)


def write_newest(spark: SparkSession, job: Job, dataset: Dataset, intake: Intake) -> Staged:
    """Read, clean, reduce and write a dataset in one pass; the counts come out of the same pass.

    If files are `left`, it has to be written again with them read by Spark.
    """
    target = f"{job.processed}/{dataset.name}"
    if not intake.sources:
        native.write_nothing(spark, dataset, target)
        return Staged()
    labels = native.labels_of(spark, intake.groups)
    readings = []
    if intake.native:
        readings.append(_natively(spark, job, dataset, intake.native, labels))
    if intake.by_spark:
        readings.append(_by_spark(spark, job, dataset, intake.by_spark, labels))
    won = native.write_newest(
        reduce(DataFrame.union, (rows for rows, _ in readings)), dataset, labels, target
    )
    staged = Staged.of([tally for _, counted in readings for tally in counted()], won)
    if not staged.left:
        staged.files.require_parts(intake.files)
    return staged


def write_rejects(spark: SparkSession, job: Job, dataset: Dataset, intake: Intake, expected: int) -> None:
    """Write the rejects as JSON lines; UnaccountedRowsError unless there are as many as expected."""
    found = []
    if intake.native:
        records = native.rejected(spark, intake.native, dataset, job.started)
        found.append(numbered_natively(records, dataset, started=job.started))
    if intake.by_spark:
        found.append(numbered_by_spark(spark, intake.by_spark, dataset, started=job.started))
    written = Observation()
    rejects = explained(found, dataset, run_id=job.run_id).observe(written, F.count("*").alias("rows"))
    rejects.write.mode("overwrite").json(f"{job.quarantine}/{dataset.name}", ignoreNullFields=False)
    if written.get["rows"] != expected:
        raise UnaccountedRowsError(
            f"{expected} rows were rejected but {written.get['rows']} written to quarantine"
        )


def _natively(
    spark: SparkSession, job: Job, dataset: Dataset, sources: Sequence[Source], labels: Sequence[int]
) -> Reading:
    observed = Observation()
    rows = native.cleaned(spark, sources, dataset, labels, job.started).observe(observed, tallies())
    return rows, lambda: list(FileTally.all_of(observed.get[TALLY]))


def _by_spark(
    spark: SparkSession, job: Job, dataset: Dataset, sources: Sequence[Source], labels: Sequence[int]
) -> Reading:
    records = read_records(spark, sources)
    require_files(records, [file for source in sources for file in source.files])
    observed = Observation()
    files = sum(len(source.files) for source in sources)
    cleaned = clean_rows(records, dataset, started=job.started).observe(
        observed, *counted_by_file(dataset, files)
    )
    rows = native.packed(cleaned.where(~is_rejected(dataset)), dataset, labels)
    return rows, lambda: tallies_by_file(observed.get[READ_BY_FILE], observed.get[QUARANTINED_BY_FILE])


def _intake(
    spark: SparkSession, dataset: Dataset, sources: Sequence[Source], left: frozenset[int]
) -> tuple[Intake, dict[PlannedFile, str]]:
    """The files that are `left` for Spark are read as far as they can be; the problems of those that cannot."""
    if not left:
        return Intake(native=tuple(sources)), {}
    by_spark, problems = diagnose(spark, _of(sources, left))
    log.warning(
        "%s: %d files are read by Spark: %s", dataset.name, len(left), problems or "they are not regular"
    )
    others = {file.number for source in sources for file in source.files} - left
    return Intake(native=_of(sources, others), by_spark=tuple(by_spark)), problems


def _of(sources: Sequence[Source], numbers: Container[int]) -> tuple[Source, ...]:
    parts = (source.of(numbers) for source in sources)
    return tuple(part for part in parts if part.files)
