"""Turns one dataset's files into its newest versions, its rejects, and the counts of both."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import Observation
from pyspark.sql import functions as F

from contract.ledger import Counts
from contract.plan import PlannedFile
from spark_jobs import arrow
from spark_jobs.accounting import (
    TALLY,
    FileCounts,
    RangeTally,
    UnaccountedRowsError,
    WinnersTally,
    by_range,
    require_identity,
    tallies,
)
from spark_jobs.job import DatasetRun
from spark_jobs.ranges import can_be_held, groups_of
from spark_jobs.tasks import Reader

log = logging.getLogger("transform")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The counts of one dataset's rows and files; `problems` are those of the files that could not be read."""

    counts: Counts = field(default_factory=Counts)
    files: FileCounts = field(default_factory=FileCounts)
    problems: dict[PlannedFile, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What writing a dataset told: one tally for each range, and one for each group of keys."""

    reader: Reader
    ranges: Mapping[int, RangeTally]
    groups: Sequence[WinnersTally]

    @property
    def files(self) -> FileCounts:
        """The counts of rows by file."""
        return FileCounts.tallied(self.reader.ranges, self.ranges.values())

    @property
    def counts(self) -> Counts:
        """The counts of all rows."""
        of_ranges = self.ranges.values()
        return Counts(
            rows_read=sum(tally.read for tally in of_ranges),
            rows_staged=sum(tally.staged for tally in self.groups),
            rows_stale=sum(tally.stale for tally in self.groups) + sum(tally.older for tally in of_ranges),
            rows_duplicate=sum(tally.duplicate for tally in self.groups),
            rows_quarantined=sum(tally.bad for tally in of_ranges),
        )


def stage(run: DatasetRun, files: Sequence[PlannedFile]) -> Outcome:
    """Write one dataset's newest versions, and its rejects if there are any."""
    # a pool for each dataset: within one pool even a FAIR scheduler works first in, first out
    run.spark.sparkContext.setLocalProperty("spark.scheduler.pool", run.pool)
    by_number = {file.number: file for file in files}
    reader, problems = Reader.of(run, files), dict[int, str]()
    while True:
        staged = write_newest(run, reader)
        found = {reader.ranges[t.range].file_number: t.problem for t in staged.ranges.values() if t.problem}
        problems |= found
        again = reader.corrected(staged.ranges)
        if again is None:
            break
        log.warning(
            "%s: %d ranges are read again: %s", run.dataset.name, len(again.ranges), found or "wrong borders"
        )
        reader = again
    require_identity(staged.counts)
    if staged.counts.rows_quarantined:
        write_rejects(run, reader.of_rejects(staged.ranges), staged.counts.rows_quarantined)
    log.info("%s: %s", run.dataset.name, staged.counts)
    return Outcome(
        counts=staged.counts,
        files=staged.files,
        problems={by_number[number]: problem for number, problem in problems.items()},
    )


def write_newest(run: DatasetRun, reader: Reader) -> Staged:
    """Read, clean, reduce and write a dataset in one pass; the counts come out of the same pass."""
    if len(reader.tasks) == 1 and can_be_held(reader.ranges):
        of_ranges, groups = arrow.write_newest_in_one_task(run, reader)
        return Staged(reader=reader, ranges=by_range(of_ranges), groups=groups)
    if not reader.ranges:
        arrow.write_nothing(run)
        return Staged(reader=reader, ranges={}, groups=())
    packing = arrow.packing_for(run, groups_of(reader.ranges))
    observed = Observation()
    rows = arrow.cleaned(run, reader, packing).observe(observed, tallies())
    groups = arrow.write_newest(run, rows, packing)
    ranges = by_range(RangeTally.all_of(observed.get[TALLY]))
    return Staged(reader=reader, ranges=ranges, groups=groups)


def write_rejects(run: DatasetRun, reader: Reader, expected: int) -> None:
    """Write the rejects as JSON lines; UnaccountedRowsError unless there are as many as expected."""
    written = Observation()
    rejects = arrow.rejected(run, reader).observe(written, F.count("*").alias("rows"))
    rejects.write.mode("overwrite").json(run.quarantine, ignoreNullFields=False)
    if written.get["rows"] != expected:
        raise UnaccountedRowsError(
            f"{expected} rows were rejected but {written.get['rows']} written to quarantine"
        )
