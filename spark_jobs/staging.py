"""Turns one dataset's files into its newest versions, its rejects, and the counts of both."""

import logging
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Self

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from contract.ledger import Counts
from contract.plan import PlannedFile
from spark_jobs import arrow
from spark_jobs.accounting import (
    TALLY,
    FileCounts,
    FileTally,
    UnaccountedRowsError,
    WinnersTally,
    counted_by_file,
    require_identity,
    tallies,
    tallies_by_file,
)
from spark_jobs.csv_files import MAX_FILE_BYTES
from spark_jobs.diagnosis import diagnose
from spark_jobs.job import DatasetRun
from spark_jobs.packing import Packing
from spark_jobs.quarantine import explained, numbered_by_arrow, numbered_by_spark
from spark_jobs.reading import BLANK, Source, read_records, require_files
from spark_jobs.rules.in_spark import clean_rows, is_rejected

log = logging.getLogger("transform")

Reading = tuple[DataFrame, Callable[[], list[FileTally]]]
"""Packed rows, and the counts of their files once the rows were read."""

_GROUP_BYTES = 128 * 1024 * 1024  # bytes of CSV text whose keys one task holds in memory
_MOST_GROUPS = 1024


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The counts of one dataset's rows and files; `problems` are those of the files that could not be read."""

    counts: Counts = field(default_factory=Counts)
    files: FileCounts = field(default_factory=FileCounts)
    problems: dict[PlannedFile, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Intake:
    """The sources to read: regular files `by_arrow` outside of the JVM, the others `by_spark`."""

    by_arrow: tuple[Source, ...] = ()
    by_spark: tuple[Source, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.by_arrow + self.by_spark

    @property
    def files(self) -> list[PlannedFile]:
        return [file for source in self.sources for file in source.files]

    @property
    def groups(self) -> int:
        """The number of groups of keys; one group fits into a task."""
        return min(_MOST_GROUPS, 1 + sum(file.size for file in self.files) // _GROUP_BYTES)

    def of(self, numbers: Container[int]) -> "Intake":
        """The part with the files that have one of these numbers."""
        return Intake(by_arrow=_of(self.by_arrow, numbers), by_spark=_of(self.by_spark, numbers))


@dataclass(frozen=True, kw_only=True)
class Staged:
    """The counts of writing a dataset; `deferred` are the numbers of the files that Arrow did not read."""

    counts: Counts = field(default_factory=Counts)
    files: FileCounts = field(default_factory=FileCounts)
    deferred: frozenset[int] = frozenset()

    @classmethod
    def of(cls, files: Sequence[FileTally], won: Sequence[WinnersTally]) -> Self:
        """The counts from tallies: one for each file or part, and one for each group of keys."""
        by_file = FileCounts.tallied(files)
        counts = Counts(
            rows_read=by_file.read.total(),
            rows_staged=sum(tally.staged for tally in won),
            rows_stale=sum(tally.stale for tally in won) + sum(tally.older for tally in files),
            rows_duplicate=sum(tally.duplicate for tally in won),
            rows_quarantined=by_file.quarantined.total(),
        )
        deferred = frozenset(tally.file_number for tally in files if tally.deferred)
        return cls(counts=counts, files=by_file, deferred=deferred)


def stage(run: DatasetRun, sources: Sequence[Source]) -> Outcome:
    """Write one dataset's newest versions, and its rejects if there are any."""
    # a pool for each dataset: within one pool even a FAIR scheduler works first in, first out
    run.spark.sparkContext.setLocalProperty("spark.scheduler.pool", run.dataset.name)
    files = [file for source in sources for file in source.files]
    deferred = frozenset(file.number for file in files if file.size > MAX_FILE_BYTES and not file.parts)
    while True:
        intake, problems = _intake(run, sources, deferred)
        staged = write_newest(run, intake)
        if not staged.deferred:
            break
        deferred |= staged.deferred
    require_identity(staged.counts)
    if staged.counts.rows_quarantined:
        write_rejects(run, intake.of(staged.files.quarantined), staged.counts.rows_quarantined)
    log.info("%s: %s", run.dataset.name, staged.counts)
    return Outcome(counts=staged.counts, files=staged.files, problems=problems)


def write_newest(run: DatasetRun, intake: Intake) -> Staged:
    """Read, clean, reduce and write a dataset in one pass; the counts come out of the same pass.

    If files are `deferred`, the dataset has to be written again, and Spark reads these files.
    """
    if not intake.sources:
        arrow.write_nothing(run)
        return Staged()
    packing = arrow.packing_for(run, intake.groups)
    readings = []
    if intake.by_arrow:
        readings.append(_by_arrow(run, intake.by_arrow, packing))
    if intake.by_spark:
        readings.append(_by_spark(run, intake.by_spark, packing))
    won = arrow.write_newest(run, reduce(DataFrame.union, (rows for rows, _ in readings)), packing)
    staged = Staged.of([tally for _, counted in readings for tally in counted()], won)
    if not staged.deferred:
        staged.files.require_parts(intake.files)
    return staged


def write_rejects(run: DatasetRun, intake: Intake, expected: int) -> None:
    """Write the rejects as JSON lines; UnaccountedRowsError unless there are as many as expected."""
    dataset, started = run.dataset, run.job.started
    numbered = []
    if intake.by_arrow:
        records = arrow.rejected(run, intake.by_arrow)
        numbered.append(numbered_by_arrow(records, dataset, started=started))
    if intake.by_spark:
        numbered.append(numbered_by_spark(run.spark, intake.by_spark, dataset, started=started))
    written = Observation()
    rejects = explained(numbered, dataset, run_id=run.job.run_id).observe(written, F.count("*").alias("rows"))
    rejects.write.mode("overwrite").json(run.quarantine, ignoreNullFields=False)
    if written.get["rows"] != expected:
        raise UnaccountedRowsError(
            f"{expected} rows were rejected but {written.get['rows']} written to quarantine"
        )


def _by_arrow(run: DatasetRun, sources: Sequence[Source], packing: Packing) -> Reading:
    observed = Observation()
    rows = arrow.cleaned(run, sources, packing).observe(observed, tallies())
    return rows, lambda: list(FileTally.all_of(observed.get[TALLY]))


def _by_spark(run: DatasetRun, sources: Sequence[Source], packing: Packing) -> Reading:
    records = read_records(run.spark, sources)
    require_files(records, [file for source in sources for file in source.files])
    bad, files = is_rejected(run.dataset), sum(len(source.files) for source in sources)
    observed = Observation()
    cleaned = clean_rows(records, run.dataset, started=run.job.started).observe(
        observed, *counted_by_file(bad, files)
    )
    rows = arrow.packed(cleaned.where(~bad & ~F.col(BLANK)), packing)
    return rows, lambda: tallies_by_file(observed.get)


def _intake(
    run: DatasetRun, sources: Sequence[Source], deferred: frozenset[int]
) -> tuple[Intake, dict[PlannedFile, str]]:
    """Let Spark read the `deferred` files; the problems of the files that it cannot read."""
    if not deferred:
        return Intake(by_arrow=tuple(sources)), {}
    by_spark, problems = diagnose(run.spark, _of(sources, deferred))
    log.warning(
        "%s: %d files are read by Spark: %s",
        run.dataset.name,
        len(deferred),
        problems or "they are not regular",
    )
    others = {file.number for source in sources for file in source.files} - deferred
    return Intake(by_arrow=_of(sources, others), by_spark=tuple(by_spark)), problems


def _of(sources: Sequence[Source], numbers: Container[int]) -> tuple[Source, ...]:
    parts = (source.of(numbers) for source in sources)
    return tuple(part for part in parts if part.files)
