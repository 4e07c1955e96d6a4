"""Turns dumps into landing files, a batch at a time, and keeps the lines that cannot be imported, with the reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from rich.progress import Progress, TaskID

from capture.emptying import Emptied, Rules, hour_of, text_table
from capture.landing_files import Batch, Files, write_files
from capture.rejects import Line, Rejects
from capture.ucsd.blocks import OddError
from capture.ucsd.dumps import Dump, lines_of
from capture.ucsd.interactions import Interactions, maps_beside
from capture.ucsd.known import Known
from capture.ucsd.records import Context, Row, user_row, version_at
from catalog import REVIEWS, USERS, VERSION, Dataset
from landing.stores import Store
from spark_jobs.rules.grammar import period

_BATCH_BYTES = 4 * 1024 * 1024
_BATCH_USERS = 10_000

Numbered = tuple[int, list[Row]]
"""Records, and the number of the line of the first record."""


@dataclass
class Imported:
    """What became of a dump: lines = records + left out + rejected; a line is left out if the book only stands on a shelf, if another dump has its review, or if it is a work. `users` counts the records made from the users of its reviews.

    `mended` counts records whose line was not valid JSON. `emptied` counts the impossible values. `is_whole` is False if the file could not be read to its end.
    """

    dump: Dump
    lines: int = 0
    records: int = 0
    left_out: int = 0
    users: int = 0
    rejected: int = 0
    mended: int = 0
    emptied: Emptied = field(default_factory=Emptied)
    written: Files = field(default_factory=Files)
    is_whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Importer:
    """Imports dumps into a store.

    `captured_at` (UTC) is the version of records without a date. A date more than a day after `now` is impossible. `files_of` is
    in bytes. `limit` is the number of lines to import from each dump but the works, None for all.
    """

    store: Store
    rejects_path: Path
    captured_at: datetime
    now: datetime
    files_of: int
    limit: int | None
    progress: Progress
    _rules: Rules = field(default_factory=Rules)

    def run(self, dumps: Sequence[Dump]) -> list[Imported]:
        """Import the dumps in the given order.

        Raises OSError, sqlite3.OperationalError and StoreError if a file cannot be read or written.
        """
        tasks = [self.progress.add_task(dump.path.name, start=False, total=None) for dump in dumps]
        has_all_reviews = any(dump.is_all_reviews for dump in dumps)
        with Known() as known, Rejects(self.rejects_path) as rejects:
            return [
                self._numbers(dump, task, known, rejects, has_all_reviews=has_all_reviews)
                if dump.is_numbers
                else self._one(dump, task, known, rejects)
                for dump, task in zip(dumps, tasks, strict=True)
            ]

    def _numbers(
        self, dump: Dump, task: TaskID, known: Known, rejects: Rejects, *, has_all_reviews: bool
    ) -> Imported:
        """Import the interactions in numbers; books with a text are left out if the dump of all reviews is imported too."""
        imported = Imported(dump)
        context, stem = self._context(known, imported.emptied), self._stem(dump)
        interactions = Interactions(
            maps_beside(dump.path, known), context.version, without_reviewed=has_all_reviews, limit=self.limit
        )

        def reject(line: Line, reason: str) -> None:
            rejects.add(dump.path.name, line, reason)
            imported.rejected += 1

        self.progress.start_task(task)
        with self.progress.open(dump.path, "rb", task_id=task) as raw:
            batches = interactions.batches(raw, dump.path.name, reject)
            imported.written = write_files(self.store, REVIEWS, stem, batches, files_of=self.files_of)
        users = _users(interactions.users(), imported, context)
        imported.written += self._write(USERS, stem, users, imported)
        imported.lines = interactions.rows + imported.rejected
        imported.records = interactions.reviews
        imported.left_out = interactions.rows - interactions.reviews
        return imported

    def _stem(self, dump: Dump) -> str:
        return f"{dump.stem}-first-{self.limit}" if self.limit else dump.stem

    def _one(self, dump: Dump, task: TaskID, known: Known, rejects: Rejects) -> Imported:
        imported = Imported(dump)
        context = self._context(known, imported.emptied)
        stem = self._stem(dump)
        self.progress.start_task(task)
        with self.progress.open(dump.path, "rb", task_id=task) as raw:
            lines = islice(lines_of(raw, dump.path.name), None if dump.kind.for_books else self.limit)
            batches = self._batches(lines, imported, context, rejects)
            imported.written = write_files(
                self.store,
                dump.kind.dataset,
                stem,
                batches,
                files_of=self.files_of,
                is_whole=lambda: imported.is_whole,
            )
        if dump.kind.dataset is REVIEWS:
            users = _users(known.users(), imported, context)
            imported.written += self._write(USERS, stem, users, imported)
            known.forget_users()
        return imported

    def _batches(
        self, lines: Iterable[Line], imported: Imported, context: Context, rejects: Rejects
    ) -> Iterator[Batch]:
        """The records of the lines, with impossible values emptied; every line is counted."""
        dataset = imported.dump.kind.dataset
        for block in _blocks(lines):
            imported.lines += len(block)
            imported.is_whole &= not any(line.problem and not line.text for line in block)
            batch = _at_once(block, imported, context) or _one_by_one(block, imported, context, rejects)
            if len(batch.rows):
                rows = self._rules.possible(dataset, batch.rows, self.now, imported.emptied)
                yield Batch(batch.first, rows)

    def _context(self, known: Known, emptied: Emptied) -> Context:
        first, last = period(VERSION, hour_of(self.now))
        return Context(
            version=version_at(self.captured_at),
            first=version_at(first),
            last=version_at(last),
            known=known,
            emptied=emptied,
        )

    def _write(self, dataset: Dataset, stem: str, lists: Iterable[Numbered], imported: Imported) -> Files:
        batches = (
            Batch(first, self._rules.possible(dataset, text_table(dataset, rows), self.now, imported.emptied))
            for first, rows in lists
        )
        return write_files(
            self.store,
            dataset,
            stem,
            batches,
            files_of=self.files_of,
            is_whole=lambda: imported.is_whole,
        )


def _blocks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Consecutive lines, at least `_BATCH_BYTES` at a time."""
    block, size = list[Line](), 0
    for line in lines:
        block.append(line)
        size += len(line.text)
        if size >= _BATCH_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _at_once(block: Sequence[Line], imported: Imported, context: Context) -> Batch | None:
    """The records of a block, if it has only lines that can be read at once; counts them."""
    if imported.dump.kind.block is None or any(line.problem for line in block):
        return None
    try:
        rows = imported.dump.kind.block([line.text for line in block], context)
    except OddError:
        return None
    imported.records += len(rows.lines)
    imported.left_out += len(block) - len(rows.lines)
    return Batch(block[rows.lines[0]].number if rows.lines else 0, rows.table)


def _one_by_one(block: Iterable[Line], imported: Imported, context: Context, rejects: Rejects) -> Batch:
    """The records of a block; counts its lines. Those that are not records go to the rejects."""
    kind = imported.dump.kind
    numbers, rows = list[int](), list[Row]()
    for line in block:
        try:
            if line.problem:
                raise ValueError(line.problem)  # noqa: TRY301
            record, is_mended = kind.reader.read(line.text, context.emptied)
            row = kind.row(record, context)
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            rejects.add(imported.dump.path.name, line, str(error))
            imported.rejected += 1
            continue
        imported.mended += is_mended
        if row is None:
            imported.left_out += 1
        else:
            imported.records += 1
            numbers.append(line.number)
            rows.append(row)
    return Batch(min(numbers, default=0), text_table(kind.dataset, rows))


def _users(users: Iterator[int], imported: Imported, context: Context) -> Iterator[Numbered]:
    while rows := [user_row(user_id, context) for user_id in islice(users, _BATCH_USERS)]:
        yield imported.users + 1, rows
        imported.users += len(rows)
