"""Counts where every row and every file of a run went.

Stages outside of the JVM count in tallies: small JSON documents that travel with the rows.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Self

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as F

from contract.ledger import ACCOUNTING, FILES, Counts, problem_told
from contract.plan import PlannedFile, Unreadable
from spark_jobs.csv_reader import Records
from spark_jobs.ranges import Borders, Range
from spark_jobs.schema import arrow_schema

TALLY, WINNERS = ":tally", ":winners"
"""Columns of tallies: of ranges or of groups; of groups only. A row of data has none."""


class UnaccountedRowsError(Exception):
    """Rows read and rows written do not add up, so some were lost or counted twice."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Converts counts to JSON and back."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))

    @classmethod
    def all_of(cls, observed: str | None) -> Iterator[Self]:
        """From the observed value of `tallies`."""
        return map(cls.from_json, json.loads(observed or "[]"))


@dataclass(frozen=True, kw_only=True)
class RangeTally(Tally):
    """Rows of a range: all rows, the rows that break a rule, and the rows older than another version of their key.

    `blank` records hold nothing in any field; they are not among the rows. `records` are all of them, with lines of white space.
    The first record begins at `begin`, the first one after the range at `after`. `backslashes` if a record that breaks a rule
    looks as if backslashes stood before quotes. `header` says what is odd about the file's header, in its first range. `problem` says why the whole file cannot be read; `is_mixed_in` if some of its
    rows have gone on nevertheless.
    """

    range: int
    read: int = 0
    bad: int = 0
    older: int = 0
    blank: int = 0
    records: int = 0
    begin: int | None = None
    after: int = 0
    backslashes: bool = False
    header: str | None = None
    problem: str | None = None
    is_mixed_in: bool = False

    @property
    def borders(self) -> Borders:
        """The borders of the range."""
        return Borders(self.begin, self.after)

    def with_records(self, records: Records) -> Self:
        """With the records of a stretch; its rows are counted where the rules are applied."""
        corrupt = len(records.corrupt)
        return replace(
            self,
            read=self.read + corrupt,
            bad=self.bad + corrupt,
            blank=self.blank + len(records.blank),
            records=self.records + len(records),
            backslashes=self.backslashes or records.has_backslashes,
        )

    def with_rows(self, other: Self) -> Self:
        """With the rows that another tally of the range counts."""
        return replace(
            self, read=self.read + other.read, bad=self.bad + other.bad, older=self.older + other.older
        )


def by_range(tallies: Iterable[RangeTally]) -> dict[int, RangeTally]:
    """One tally for each range, from the tally of its records and those of its rows."""
    total: dict[int, RangeTally] = {}
    for tally in sorted(tallies, key=lambda tally: tally.problem is None and not tally.after):
        total[tally.range] = total[tally.range].with_rows(tally) if tally.range in total else tally
    return total


@dataclass(frozen=True, kw_only=True)
class WinnersTally(Tally):
    """Rows of a group of keys: those that lost, by reason, and the winners."""

    staged: int
    stale: int
    duplicate: int


def tallies() -> Column:
    """An aggregate: all values of TALLY; JSON, because Observation returns no arrays."""
    return F.to_json(F.collect_list(TALLY)).alias(TALLY)


def require_identity(counts: Counts) -> None:
    """UnaccountedRowsError unless the counts add up to the rows read."""
    if counts.rows_read != counts.accounted_for:
        raise UnaccountedRowsError(
            f"{counts.rows_read} rows were read but {counts.accounted_for} are accounted for ({counts}). Counters can "
            "be off after a lost executor: run the step again; if it fails again, rows are being lost"
        )


@dataclass(frozen=True, kw_only=True)
class FileCounts:
    """Rows by number of file, and records that hold nothing; a file without any has no entry.

    `backslashes` are the numbers of the files whose quotes seem to be escaped with backslashes, `headers` what is odd about files' headers.
    """

    read: Counter[int] = field(default_factory=Counter)
    quarantined: Counter[int] = field(default_factory=Counter)
    blank: Counter[int] = field(default_factory=Counter)
    backslashes: set[int] = field(default_factory=set)
    headers: dict[int, str] = field(default_factory=dict)

    @classmethod
    def tallied(cls, ranges: Sequence[Range], tallies: Iterable[RangeTally]) -> Self:
        """The counts from one tally for each range."""
        read, quarantined, blank = Counter[int](), Counter[int](), Counter[int]()
        backslashes, headers = set[int](), dict[int, str]()
        for tally in tallies:
            number = ranges[tally.range].file_number
            read[number] += tally.read
            quarantined[number] += tally.bad
            blank[number] += tally.blank
            if tally.backslashes:
                backslashes.add(number)
            if tally.header:
                headers[number] = tally.header
        # without zeros
        return cls(
            read=+read, quarantined=+quarantined, blank=+blank, backslashes=backslashes, headers=headers
        )

    @classmethod
    def total(cls, parts: Iterable["FileCounts"]) -> Self:
        """The counts of all datasets' files together; a file number is unique in a run."""
        total = cls()
        for part in parts:
            total.read.update(part.read)
            total.quarantined.update(part.quarantined)
            total.blank.update(part.blank)
            total.backslashes.update(part.backslashes)
            total.headers.update(part.headers)
        return total


def accounting_rows(counts: Mapping[str, Counts], *, run_id: str, fencing_token: int) -> pa.Table:
    """One row per dataset, with the columns of ACCOUNTING."""
    rows = [
        {"run_id": run_id, "dataset": name, "fencing_token": fencing_token, **asdict(counted)}
        for name, counted in counts.items()
    ]
    return pa.Table.from_pylist(rows, arrow_schema(ACCOUNTING.columns))


def file_rows(
    files: Iterable[PlannedFile], counts: FileCounts, problems: Mapping[PlannedFile, str], *, run_id: str
) -> pa.Table:
    """One row per file, with the columns of FILES."""
    rows = [
        {
            "run_id": run_id,
            "dataset": file.dataset,
            "file_key": file.key,
            "etag": file.etag,
            "size_bytes": file.size,
            "rows_read": counts.read[file.number],
            "rows_quarantined": counts.quarantined[file.number],
            "problem": problem_told(problems.get(file, file.problem)),
        }
        for file in files
    ]
    return pa.Table.from_pylist(rows, arrow_schema(FILES.columns))


def unreadable_files(problems: Mapping[PlannedFile, str], *, run_id: str) -> list[Unreadable]:
    """What there is to say about each file that cannot be read."""
    return [
        Unreadable(
            run_id=run_id,
            dataset=file.dataset,
            key=file.key,
            target=file.target,
            problem=problem_told(problem) or "",
        )
        for file, problem in problems.items()
    ]
