"""Dumps in, landing files out, a batch at a time; lines that cannot be imported are kept with the reason."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Self, TextIO

from rich.progress import Progress, TaskID

from capture.ucsd.dumps import Dump, Line, lines_of
from capture.ucsd.known import Known
from capture.ucsd.landing_files import Batch, Files, write_files
from capture.ucsd.records import Context, Row, user_row, version_at
from catalog import REVIEWS, USERS, Dataset
from landing.stores import Store

_BATCH_BYTES = 1024 * 1024
_BATCH_USERS = 10_000


class Rejects:
    r"""A file of JSON lines {file, line, reason, text}; there is none if nothing was rejected.

    Text that is not UTF-8 is written with the odd bytes as `\xff`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)  # of an earlier import
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, file: str, line: Line, reason: str) -> None:
        """Write a line with the reason why it was rejected."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
        text = line.text.decode(errors="backslashreplace").rstrip("\n")
        entry = {"file": file, "line": line.number, "reason": reason, "text": text}
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")


@dataclass
class Imported:
    """What became of a dump: lines = records + rejected. `users` are the records made of the users of its reviews."""

    dump: Dump
    lines: int = 0
    records: int = 0
    users: int = 0
    rejected: int = 0
    written: Files = field(default_factory=Files)


@dataclass(frozen=True, kw_only=True)
class Importer:
    """Imports dumps into a store.

    `captured_at` (UTC) is the version of records without a date of their own; `files_of` is in bytes; `limit` is the
    number of lines of each dump, None for all.
    """

    store: Store
    rejects_path: Path
    captured_at: datetime
    files_of: int
    limit: int | None
    progress: Progress

    def run(self, dumps: Sequence[Dump]) -> list[Imported]:
        """Import all, in the order given; OSError, sqlite3.OperationalError and StoreError if a file cannot be read or written."""
        tasks = [self.progress.add_task(dump.path.name, start=False, total=None) for dump in dumps]
        with Known() as known, Rejects(self.rejects_path) as rejects:
            context = Context(version_at(self.captured_at), known)
            return [self._one(dump, task, context, rejects) for dump, task in zip(dumps, tasks, strict=True)]

    def _one(self, dump: Dump, task: TaskID, context: Context, rejects: Rejects) -> Imported:
        imported = Imported(dump)
        stem = f"{dump.stem}-first-{self.limit}" if self.limit else dump.stem
        self.progress.start_task(task)
        with self.progress.open(dump.path, "rb", task_id=task) as raw:
            lines = islice(lines_of(raw, dump.path.name), self.limit)
            records = _batches(_accepted(lines, imported, context, rejects))
            imported.written = self._write(dump.kind.dataset, stem, records)
        if dump.kind.dataset is REVIEWS:
            imported.written += self._write(USERS, stem, _users(imported, context))
            context.known.forget_users()
        return imported

    def _write(self, dataset: Dataset, stem: str, batches: Iterable[Batch]) -> Files:
        return write_files(self.store, dataset, stem, batches, files_of=self.files_of)


def _accepted(
    lines: Iterable[Line], imported: Imported, context: Context, rejects: Rejects
) -> Iterator[tuple[Line, Row]]:
    """The lines that are records of the dump's kind; the others are rejected, and all counted."""
    kind = imported.dump.kind
    for line in lines:
        imported.lines += 1
        try:
            if line.problem:
                raise ValueError(line.problem)  # noqa: TRY301
            row = kind.row(kind.decoder.decode(line.text), context)
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            rejects.add(imported.dump.path.name, line, str(error))
            imported.rejected += 1
        else:
            imported.records += 1
            yield line, row


def _batches(accepted: Iterable[tuple[Line, Row]]) -> Iterator[Batch]:
    first, size = 0, 0
    rows: list[Row] = []
    for line, row in accepted:
        first = first or line.number
        rows.append(row)
        size += len(line.text)
        if size >= _BATCH_BYTES:
            yield Batch(first, rows)
            first, size, rows = 0, 0, []
    if rows:
        yield Batch(first, rows)


def _users(imported: Imported, context: Context) -> Iterator[Batch]:
    users = context.known.users()
    while rows := [user_row(user_id, context) for user_id in islice(users, _BATCH_USERS)]:
        yield Batch(imported.users + 1, rows)
        imported.users += len(rows)
