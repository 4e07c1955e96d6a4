"""What a task does with the byte ranges it has: turns them into packed rows, or into the records that break a rule."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count, groupby
from typing import Self

import pyarrow as pa

from catalog import Dataset
from contract.header import HEADER_BYTES
from contract.keys import is_gzip
from contract.plan import PlannedFile
from spark_jobs.accounting import TALLY, WINNERS, RangeTally, WinnersTally
from spark_jobs.csv_reader import Reading, Text
from spark_jobs.header import FileHeader, HeaderError, Headers
from spark_jobs.holding import HeldRows
from spark_jobs.job import DatasetRun
from spark_jobs.newest import write_winners
from spark_jobs.packing import Packing, packed_rows, packed_tallies
from spark_jobs.quarantine import Explainer
from spark_jobs.ranges import Range, corrected, divided, held_groups_of, tasks_of
from spark_jobs.rules.in_duckdb import Cleaner, numbered
from spark_jobs.sources import UnexpectedFilesError, objects_of
from spark_jobs.storage import SMALL, Folder
from spark_jobs.unpacking import NotUnpackedError, unpacked

_TOGETHER = 48 * 1024 * 1024
"""Records of up to this many bytes are cleaned together: only the newest versions among them go on."""

_AHEAD = 4
"""Small files that are read before it is their turn: of those, most of the time is spent waiting for S3."""

_AT_ONCE = 2
"""Groups of keys that a task works on at once. The task of the greatest dataset is the last one at work, and another core is free then."""


@dataclass(frozen=True)
class Reader:
    """Reads ranges of a dataset's files; holds the parts of the run that each task needs.

    `folder` is that of the files, `tasks` the indexes of each task's ranges. `started` is the run's start time.
    """

    dataset: Dataset
    started: datetime
    cores: int
    ranges: tuple[Range, ...]
    tasks: tuple[tuple[int, ...], ...]
    folder: Folder

    @classmethod
    def of(cls, run: DatasetRun, files: Iterable[PlannedFile]) -> Self:
        ranges = divided(objects_of(files, run.job.working), run.cores)
        return cls(
            run.dataset,
            run.job.started,
            cores=run.cores,
            ranges=tuple(ranges),
            tasks=tasks_of(ranges, run.cores),
            folder=Folder.at(run.working, run.spark),
        )

    def _with(self, ranges: Sequence[Range]) -> Self:
        return replace(self, ranges=tuple(ranges), tasks=tasks_of(ranges, self.cores))

    def corrected(self, tallies: Mapping[int, RangeTally]) -> Self | None:
        """The reader to read everything again with, because some rows should not have gone on; None if all of them should."""
        unreadable = {self.ranges[index].file_number for index, tally in tallies.items() if tally.problem}
        ranges: list[Range] = []
        is_right = not any(tally.is_mixed_in for tally in tallies.values())
        for of_object in self._objects():
            parts = [self.ranges[index] for index in of_object]
            if parts[0].file_number not in unreadable:
                right = corrected(parts, [tallies[index].borders for index in of_object])
                is_right = is_right and right == parts
                ranges += right
        return None if is_right else self._with(ranges)

    def of_rejects(self, tallies: Mapping[int, RangeTally]) -> Self:
        """The reader of the ranges with rejects, each with its first record and the number of records before it."""
        ranges: list[Range] = []
        for of_object in self._objects():
            before = self.ranges[of_object[0]].before
            for index in of_object:
                if tallies[index].bad:
                    ranges.append(replace(self.ranges[index], begin=tallies[index].begin, before=before))
                before += tallies[index].records
        return self._with(ranges)

    def _objects(self) -> Iterator[list[int]]:
        """The indexes of each object's ranges."""
        for _, of_object in groupby(range(len(self.ranges)), key=lambda index: self.ranges[index].uri):
            yield list(of_object)

    def of_task(self, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, Range]]:
        """The ranges, with their indexes, for rows that hold a task's index each."""
        for batch in batches:
            for task in batch.column(0).to_pylist():
                yield from ((index, self.ranges[index]) for index in self.tasks[task])

    def readings(self, batches: Iterable[pa.RecordBatch]) -> Iterator["RangeReading"]:
        """The ranges of a task; small files are read while the ones before them are cleaned."""
        headers = Headers(self.dataset)
        with ThreadPoolExecutor(_AHEAD) as pool:
            waiting: deque[RangeReading] = deque()
            for index, part in self.of_task(batches):
                content = pool.submit(self._whole, part) if part.is_whole and part.size <= SMALL else None
                waiting.append(RangeReading(self, headers, index, part, content))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft()
            yield from waiting

    def _whole(self, part: Range) -> list[memoryview]:
        return list(self.found(part, 0, part.size))

    def found(self, part: Range, start: int, stop: int) -> Iterator[memoryview]:
        """The bytes of a range's file from `start` to before `stop`."""
        try:
            yield from self.folder.blocks(part.uri, part.size, start, stop)
        except FileNotFoundError:
            raise UnexpectedFilesError(
                f"{part.uri} is not in the working zone: start the run again, its copies were removed meanwhile"
            ) from None


@dataclass(frozen=True)
class RangeReading:
    """A range and its index; its `content` if that is being read already."""

    reader: Reader
    headers: Headers
    index: int
    range: Range
    content: Future[list[memoryview]] | None

    def begin(self) -> tuple[Reading, FileHeader]:
        """The records of the range, not begun yet, and its file's header; HeaderError or NotUnpackedError if the file cannot be read."""
        part = self.range
        found = self.content.result() if self.content else self.reader.found(part, part.first_byte, part.size)
        start = text = self._text(found, part.first_byte)
        if part.start > 0:
            start = self._text(self.reader.found(part, 0, min(HEADER_BYTES, part.size)), 0)
        header = self.headers.skip(start)
        return Reading(text, header.columns, self.reader.dataset.column_names), header

    def _text(self, blocks: Iterable[memoryview], position: int) -> Text:
        return Text(unpacked(blocks) if is_gzip(self.range.uri) else blocks, position)


def clean_ranges(
    batches: Iterable[pa.RecordBatch], *, reader: Reader, packing: Packing
) -> Iterator[pa.RecordBatch]:
    """Good rows, packed, and tallies of ranges."""
    of_ranges: list[RangeTally] = []
    for found in _cleaned_or_told(batches, reader):
        if isinstance(found, RangeTally):
            of_ranges.append(found)
        else:
            yield from packed_rows(found, packing)
    # together: a batch costs more than a tally, and there may be many small files
    yield packed_tallies(of_ranges)


def write_newest_of_ranges(
    batches: Iterable[pa.RecordBatch], *, reader: Reader, target: Folder
) -> Iterator[pa.RecordBatch]:
    """Write the winners among the rows of a task that has all files of its dataset; the tallies of both.

    Its keys are nowhere else, so there is nothing to pack and to shuffle.
    """
    of_ranges: list[RangeTally] = []
    with HeldRows(reader.dataset, held_groups_of(reader.ranges)) as held:
        for found in _cleaned_or_told(batches, reader):
            if isinstance(found, RangeTally):
                of_ranges.append(found)
            else:
                held.add(found)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            won = list(
                pool.map(
                    lambda number, read: write_winners(read(), reader.dataset, target, number),
                    count(),
                    held.groups(),
                )
            )
        dropped = WinnersTally(staged=0, stale=held.older, duplicate=0)
    told = [[tally.to_json() for tally in tallies] for tallies in (of_ranges, [*won, dropped])]
    yield pa.record_batch(
        [[*told[0], *(None for _ in told[1])], [*(None for _ in told[0]), *told[1]]], names=[TALLY, WINNERS]
    )


def _cleaned_or_told(batches: Iterable[pa.RecordBatch], reader: Reader) -> Iterator[pa.Table | RangeTally]:
    """Good rows, and tallies of ranges."""
    with Cleaner(reader.dataset, reader.started) as cleaner:
        waiting: list[pa.Table] = []
        waiting_bytes = 0
        for found in reader.readings(batches):
            index, part = found.index, found.range
            tally, first = RangeTally(range=index), len(waiting)
            try:
                reading, header = found.begin()
                if part.start == 0:
                    tally = replace(tally, header=header.remark)
                begin = reading.go_to(part)
                for records in reading.records_of(part):
                    tally = tally.with_records(records)
                    waiting.append(numbered(records.texts, index))
                    waiting_bytes += waiting[-1].nbytes
                    if waiting_bytes >= _TOGETHER:
                        yield from _cleaned(cleaner, waiting)
                        waiting, waiting_bytes, first = [], 0, -1
                tally = replace(tally, begin=begin, after=reading.text.position)
            except (HeaderError, NotUnpackedError) as error:
                tally = RangeTally(range=index, problem=str(error), is_mixed_in=first < 0)
                waiting = waiting[: max(0, first)]
                waiting_bytes = sum(table.nbytes for table in waiting)
            yield tally
        if waiting:
            yield from _cleaned(cleaner, waiting)


def _cleaned(cleaner: Cleaner, tables: Sequence[pa.Table]) -> Iterator[pa.Table | RangeTally]:
    cleaned = cleaner.clean(pa.concat_tables(tables))
    yield cleaned.rows
    yield from cleaned.tallies


def rejects(batches: Iterable[pa.RecordBatch], *, reader: Reader, run_id: str) -> Iterator[pa.RecordBatch]:
    """The records that break a rule, with the columns of REJECTS."""
    with Cleaner(reader.dataset, reader.started) as cleaner:
        explainer = Explainer(run_id, reader.dataset, cleaner)
        for found in reader.readings(batches):
            part, before = found.range, found.range.before
            reading, _ = found.begin()
            reading.go_to(part)
            for records in reading.records_of(part):
                yield from explainer.rejects(records, part, reading.columns, before)
                before += len(records)
