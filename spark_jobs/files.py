"""Where every file of a run went."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from catalog import Dataset
from contract.ledger import FILES
from contract.plan import PlannedFile
from spark_jobs.accounting import UnaccountedRowsError, small_frame
from spark_jobs.clean import is_rejected
from spark_jobs.reading import NUMBER
from spark_jobs.schema import struct_of
from spark_jobs.tallies import FileTally

READ_BY_FILE, QUARANTINED_BY_FILE = "read_by_file", "quarantined_by_file"

_UNREADABLE = StructType(
    [StructField(name, StringType()) for name in ("run_id", "dataset", "key", "target", "problem")]
)


class UnexpectedFilesError(Exception):
    """The working zone does not hold the files of the plan."""


@dataclass(frozen=True, kw_only=True)
class FileCounts:
    """Rows by number of file; a file without rows has no entry."""

    read: Counter[int] = field(default_factory=Counter)
    quarantined: Counter[int] = field(default_factory=Counter)

    @classmethod
    def tallied(cls, tallies: Iterable[FileTally]) -> Self:
        """From tallies, several of a file if it was cut."""
        read, quarantined = Counter[int](), Counter[int]()
        for tally in tallies:
            read[tally.number] += tally.read
            quarantined[tally.number] += tally.bad
        return cls(read=+read, quarantined=+quarantined)  # without zeros

    @classmethod
    def total(cls, parts: Iterable["FileCounts"]) -> Self:
        """All datasets' files together: a number occurs once in a run."""
        total = cls()
        for part in parts:
            total.read.update(part.read)
            total.quarantined.update(part.quarantined)
        return total

    def require_parts(self, files: Iterable[PlannedFile]) -> None:
        """UnaccountedRowsError unless of the files that were cut as many rows were read as were cut."""
        for file in files:
            records = sum(part.records for part in file.parts)
            if file.parts and self.read[file.number] != records:
                raise UnaccountedRowsError(
                    f"{file.key} was cut into parts with {records} records, of which {self.read[file.number]} were "
                    "read: start a new run; if it fails again, set copy_part_bytes above the size of the file"
                )


def counted_by_file(dataset: Dataset, files: int) -> list[Column]:
    """Aggregates over the rows of `clean_rows`, for at most that many files."""
    rejected = F.when(is_rejected(dataset), F.col(NUMBER))
    return [
        _histogram(F.col(NUMBER), files).alias(READ_BY_FILE),
        _histogram(rejected, files).alias(QUARANTINED_BY_FILE),
    ]


def tallies_by_file(read: str | None, quarantined: str | None) -> list[FileTally]:
    """From the observed values of `counted_by_file`."""
    rows, bad = _counts_from(read), _counts_from(quarantined)
    return [FileTally(number=number, read=rows[number], bad=bad[number]) for number in rows]


def _histogram(number: Column, files: int) -> Column:
    # exact while there are no more values than bins, of which Spark wants two; JSON, because Observation returns no arrays
    return F.to_json(F.histogram_numeric(number.cast("double"), F.lit(max(files, 2))))


def _counts_from(histogram: str | None) -> Counter[int]:
    counts: Counter[int] = Counter()
    for point in json.loads(histogram or "[]"):
        # a file read in two parts has a weighted mean of equal numbers, which floating point makes nearly equal
        counts[round(point["x"])] += round(point["y"])
    return counts


def require_files(rows: DataFrame, files: Iterable[PlannedFile]) -> None:
    """UnexpectedFilesError unless the rows come from these files: a folder that lacks one reads without complaint."""
    # as Spark writes a path: what a name holds besides letters, digits and `-_.~=` comes percent-encoded
    found = {unquote(path.rpartition("/")[2]) for path in rows.inputFiles()}
    expected = {target.rpartition("/")[2]: target for file in files for target in file.targets}
    if missing := sorted(expected[name] for name in expected.keys() - found):
        raise UnexpectedFilesError(
            f"{len(missing)} files of the plan are not in the working zone, the first is {missing[0]}: "
            "start the run again, its copies were removed meanwhile"
        )
    if surplus := sorted(found - expected.keys()):
        raise UnexpectedFilesError(
            f"the working zone holds files that the plan does not list, {', '.join(surplus[:10])}: "
            "start a new run, something else writes into this one's folder"
        )


def file_rows(
    spark: SparkSession,
    files: Iterable[PlannedFile],
    counts: FileCounts,
    problems: Mapping[PlannedFile, str],
    *,
    run_id: str,
) -> DataFrame:
    """One row per file, with the columns of FILES."""
    entries = [
        {
            "run_id": run_id,
            "dataset": file.dataset,
            "file_key": file.key,
            "etag": file.etag,
            "size_bytes": file.size,
            "rows_read": counts.read[file.number],
            "rows_quarantined": counts.quarantined[file.number],
            "problem": problems.get(file, file.problem),
        }
        for file in files
    ]
    return small_frame(spark, entries, struct_of(FILES.columns))


def unreadable_rows(spark: SparkSession, problems: Mapping[PlannedFile, str], *, run_id: str) -> DataFrame:
    """One row per unreadable file: run_id, dataset, key, target, problem."""
    entries = [
        {
            "run_id": run_id,
            "dataset": file.dataset,
            "key": file.key,
            "target": file.target,
            "problem": problem,
        }
        for file, problem in problems.items()
    ]
    return small_frame(spark, entries, _UNREADABLE)
