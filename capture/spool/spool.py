"""Files of captured records on the local disk, on their way to the landing zone.

`open/<dataset>.csv` grows; `ready/<dataset>/<name>.csv` is finished and never changes, and its path below `ready/` is its
landing key. Whenever the process dies, each captured record is in exactly one of these files, once: a file in `open/`
counts only up to the length in the state, and one transaction commits this length together with the note that the review
was captured. Bytes beyond the length are cut off before anything else is written.
"""

import csv
import io
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from capture.errors import SpoolError, SpoolInUse
from capture.spool.durable import make_folder, overwrite
from capture.spool.state import State, opened
from catalog import DATASETS, Dataset
from landing.aside import sync

Record = dict[str, str]
Records = Mapping[str, list[Record]]
"""The records of each dataset, by its name."""


@dataclass(frozen=True)
class Spool:
    """The files of a spool that this process holds alone."""

    folder: Path
    state: State

    def append(self, records: Records, now: datetime) -> None:
        """Write the records to the open files. They count once the caller's transaction commits."""
        for dataset in DATASETS:
            if records[dataset.name]:
                self._append(dataset, records[dataset.name], now)

    def size(self) -> int:
        """The bytes of the largest open file, 0 if there is none."""
        return max((length for _, length in self._open_files()), default=0)

    def opened_at(self) -> float | None:
        """When the oldest open file got its first record, in seconds since 1970; None if there is none."""
        moment: float | None = self.state.execute("select min(opened_at) from open_files").fetchone()[0]
        return moment

    def finish(self) -> list[Path]:
        """Move all open files to `ready/`, under one new name; returns the moved files, none if nothing is open."""
        if not self._open_files():
            return []
        name = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-{uuid4().hex}"
        self.state.execute("insert into finishing (name) values (?)", name)
        return self.go_on_finishing()

    def go_on_finishing(self) -> list[Path]:
        """Complete a move that was begun, perhaps by a process that died in the middle; returns the files moved now."""
        row = self.state.execute("select name from finishing").fetchone()
        if row is None:
            return []
        moved = [
            target
            for dataset, length in self._open_files()
            if (target := self._move(dataset, length, row[0])) is not None
        ]
        sync(self.folder / "open")
        with self.state.transaction():
            self.state.execute("delete from open_files")
            self.state.execute("delete from finishing")
        return moved

    def _append(self, dataset: Dataset, records: list[Record], now: datetime) -> None:
        path, length = self._open_path(dataset.name), dict(self._open_files()).get(dataset.name, 0)
        content = lines(dataset, records)
        overwrite(path, length, content if length else header(dataset) + content)
        if not length:
            sync(path.parent)
        self.state.execute(
            "insert into open_files (dataset, bytes, opened_at) values (?, ?, ?)"
            " on conflict (dataset) do update set bytes = excluded.bytes",
            dataset.name,
            path.stat().st_size,
            now.timestamp(),
        )

    def _move(self, dataset: str, length: int, name: str) -> Path | None:
        path, target = self._open_path(dataset), self.folder / "ready" / dataset / f"{name}.csv"
        if not path.exists():  # it was moved before the process died, and may have been uploaded since
            return None
        overwrite(path, length, b"")
        make_folder(target.parent)
        path.rename(target)
        sync(target.parent)
        return target

    def _open_files(self) -> list[tuple[str, int]]:
        return self.state.execute("select dataset, bytes from open_files order by dataset").fetchall()

    def _open_path(self, dataset: str) -> Path:
        return self.folder / "open" / f"{dataset}.csv"


@contextmanager
def held(folder: Path, wait_seconds: float = 0) -> Iterator[Spool]:
    """Context manager: the spool in `folder`, for this process alone; it is made if it is missing.

    Raises SpoolInUse if another process holds it longer than `wait_seconds`, and SpoolError if it is damaged or as soon as
    one of its files cannot be read or written.
    """
    state = folder / "open" / "state.sqlite"
    try:
        make_folder(state.parent)
        # no soft lock: this lock must end with its process
        with FileLock(state.with_name("lock"), timeout=wait_seconds, fallback_to_soft=False):
            _refuse_files_without_state(state)
            with opened(state) as opened_state:
                spool = Spool(folder, opened_state)
                spool.go_on_finishing()
                yield spool
    except Timeout:
        raise SpoolInUse(
            f"the spool {folder} is in use by another collector or uploader; end that process, or give another folder: --spool"
        ) from None
    except (OSError, sqlite3.Error) as error:
        raise SpoolError(
            f"the spool {folder} cannot be used: {error}. The reviews captured so far stay in it; "
            "make room, or mend the permissions or the file, and start again"
        ) from error


def finish_abandoned(folder: Path) -> list[Path]:
    """Move the files that a killed collector left in `open/` to `ready/`; returns the moved files, none while a collector runs."""
    if not (folder / "open" / "state.sqlite").exists():
        return []
    try:
        with held(folder) as spool:
            return spool.finish()
    except SpoolInUse:
        return []


def _refuse_files_without_state(state: Path) -> None:
    strays = sorted(path.name for path in state.parent.glob("*.csv"))
    if strays and not state.exists():
        raise SpoolError(
            f"{state.parent} holds {', '.join(strays)}, but lacks {state.name}, which says how many bytes of these files count; "
            f"put {state.name} back, or move the other files away"
        )


def header(dataset: Dataset) -> bytes:
    """The first line of a file: the columns in the catalog's order."""
    return _csv([dataset.column_names])


def lines(dataset: Dataset, records: Iterable[Record]) -> bytes:
    """The records as CSV (RFC 4180) in UTF-8. Raises KeyError if a record lacks a column."""
    return _csv([record[column] for column in dataset.column_names] for record in records)


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
