"""Takes the records of a subject out of one file: CSV, rejects as JSON lines, or Parquet; and its key out of results of the checks."""

import csv
import gzip
import json
import mmap
import shutil
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog import DATASETS, Dataset, dataset_named
from contract.header import is_before_header
from operations.forget.subject import Subject

_GZIP_MAGIC = b"\x1f\x8b"
_BOM = "\ufeff".encode().decode("latin-1")
_SEPARATORS = (",", ";", "\t", "|")
_BLOCK = 1 << 20
_UNREADABLE = (EOFError, zlib.error, gzip.BadGzipFile, pa.ArrowInvalid)


@dataclass(frozen=True)
class Removed:
    """The number of records that were taken out. `doubtful`: the id occurs where no record can be told from another."""

    records: int = 0
    doubtful: bool = False


def without(subject: Subject, source: Path, target: Path, kind: str, dataset: Dataset | None) -> Removed:
    """Write the file to `target` without the subject's records; every other byte of a text file stays as it is.

    `kind` is csv (plain or gzip), rejects, checks, or parquet. `dataset` is None if only the header tells it.
    """
    if dataset and not subject.column_in(dataset):
        return Removed()
    if kind == "parquet":
        return _without_in_parquet(subject, source, target, dataset)
    try:
        with _unpacked(source) as (plain, packed):
            if not _occurs(subject, plain):
                return Removed()
            with _writing(target, packed=packed) as kept:
                return _WRITERS[kind](subject, plain, kept, dataset)
    except _UNREADABLE:
        return Removed(doubtful=True)


def _occurs(subject: Subject, path: Path) -> bool:
    """Whether the digits of the id are anywhere in the file: most files need not be read as records."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return subject.occurs.search(content) is not None


@contextmanager
def _unpacked(source: Path) -> Iterator[tuple[Path, bool]]:
    """The plain content of a file, and whether it was gzip, whatever its name says."""
    with source.open("rb") as file:
        packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    if not packed:
        yield source, False
        return
    plain = source.with_name(f"{source.name}.plain")
    try:
        with gzip.open(source) as content, plain.open("wb") as written:
            shutil.copyfileobj(content, written, _BLOCK)
        yield plain, True
    finally:
        plain.unlink(missing_ok=True)


@contextmanager
def _writing(target: Path, *, packed: bool) -> Iterator[IO[bytes]]:
    with target.open("wb") as file:
        if not packed:
            yield file
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as written:
            yield written  # type: ignore[misc] # a GzipFile writes bytes as a file does


class _Lines:
    """Reads records of one header; texts have one character per byte, so that what is kept stays as it was."""

    def __init__(self, subject: Subject, header: Sequence[str], column: str | None, separator: str) -> None:
        self._subject = subject
        self._width = len(header)
        self._separator = separator
        self._ids = [number for number, name in enumerate(header) if name.strip() == column]
        self.removed = 0
        self.doubtful = not self._ids

    def kept(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines without those of the subject's records."""
        read: list[str] = []

        def parsable() -> Iterator[str]:
            for line in lines:
                read.append(line)
                text = line.rstrip("\r\n")
                # the csv module takes a lone CR for the end of a record; for the Spark job it is part of a value
                yield text.replace("\r", " ") + "\n"

        for fields in csv.reader(parsable(), delimiter=self._separator):
            yield from self._judged(fields, read)
            read.clear()

    def _judged(self, fields: Sequence[str], lines: Sequence[str]) -> Iterator[str]:
        """The lines of a record if it is not the subject's.

        A stray quote makes one record of many. So each line of a record with several lines is looked at alone too.
        """
        whole = len(fields) == self._width
        if self._names(fields) and (whole or len(lines) == 1):
            self.removed += 1
            return
        if len(lines) == 1:
            self.doubtful |= not whole and any(map(self._subject.is_named, fields))
            yield from lines
            return
        for line in lines:
            alone = next(csv.reader([line.rstrip("\r\n").replace("\r", " ")], delimiter=self._separator), [])
            if self._names(alone) and (not whole or len(alone) == self._width):
                self.removed += 1
                self.doubtful |= len(alone) != self._width
            else:
                yield line

    def _names(self, fields: Sequence[str]) -> bool:
        return any(self._subject.is_named(fields[number]) for number in self._ids if number < len(fields))


def _csv_without(subject: Subject, source: Path, kept: IO[bytes], dataset: Dataset | None) -> Removed:
    csv.field_size_limit(sys.maxsize)
    with source.open("rb") as file:
        ending = "\n" if b"\n" in file.read(_BLOCK) else "\r"
    with source.open(encoding="latin-1", newline=ending) as lines:
        first = next(lines, "")
        while first and is_before_header([first.removeprefix(_BOM)]):
            kept.write(first.encode("latin-1"))
            first = next(lines, "")
        bare = first.removeprefix(_BOM)
        separator = max(_SEPARATORS, key=bare.count)
        header = [name.strip() for name in next(csv.reader([bare.strip("\r\n")], delimiter=separator), [])]
        found = dataset or _dataset_with(header)
        records = _Lines(subject, header, subject.column_in(found) if found else None, separator)
        kept.write(first.encode("latin-1"))
        if records.doubtful:  # no column to look at: nothing is taken out
            return Removed(doubtful=found is None or subject.column_in(found) is not None)
        for line in records.kept(lines):
            kept.write(line.encode("latin-1"))
    return Removed(records.removed, records.doubtful)


def _dataset_with(header: Sequence[str]) -> Dataset | None:
    """The dataset that shares most columns with a header, if it shares any."""
    shared = {dataset.name: len(set(dataset.column_names) & set(header)) for dataset in DATASETS}
    best = max(DATASETS, key=lambda dataset: shared[dataset.name])
    return best if shared[best.name] else None


def _rejects_without(subject: Subject, source: Path, kept: IO[bytes], _: Dataset | None) -> Removed:
    """Rejected records as the Spark job writes them, a line of JSON each (contract/rejects)."""
    records, doubtful = 0, False
    with source.open("rb") as lines:
        for line in lines:
            if not subject.occurs.search(line):
                kept.write(line)
                continue
            reject: dict[str, Any] = json.loads(line)
            removed = _taken_out(subject, reject)
            records, doubtful = records + removed.records, doubtful or removed.doubtful
            if not removed.records:
                kept.write(line)
            elif reject["raw"]:
                kept.write(
                    json.dumps(reject, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
                )
    return Removed(records, doubtful)


def _taken_out(subject: Subject, reject: dict[str, Any]) -> Removed:
    """Take the subject's lines out of a reject's raw text; nothing is left of a reject that is the subject's alone."""
    dataset = dataset_named(reject["dataset"])
    column = subject.column_in(dataset)
    if column is None:
        return Removed()
    if reject.get("row") is not None:
        named = subject.is_named(reject["row"].get(column))
        return Removed(int(named))
    header = reject.get("columns") or dataset.column_names
    lines = _Lines(subject, header, column, ",")
    raw = (reject.get("raw") or "").splitlines(keepends=True)
    reject["raw"] = "".join(lines.kept(raw))
    return Removed(lines.removed, lines.doubtful)


def _checks_without(subject: Subject, source: Path, kept: IO[bytes], _: Dataset | None) -> Removed:
    """The results that a stage has left (contract/checks), whose examples are keys of the rows of their table."""
    found: dict[str, Any] = json.loads(source.read_bytes())
    removed = 0
    for check in found["checks"]:
        if check["table"] == subject.dataset.name:
            others = [key for key in check["examples"] if not subject.is_named(key)]
            removed += len(check["examples"]) - len(others)
            check["examples"] = others
    kept.write(json.dumps(found).encode())
    return Removed(removed)


_WRITERS = {"csv": _csv_without, "rejects": _rejects_without, "checks": _checks_without}


def _without_in_parquet(subject: Subject, source: Path, target: Path, dataset: Dataset | None) -> Removed:
    with pq.ParquetFile(source) as file:
        column = subject.column_in(dataset) if dataset else None
        if column is None or column not in file.schema_arrow.names:
            return Removed()
        total = sum(
            pc.sum(pc.equal(batch.column(0), subject.key)).as_py() or 0
            for batch in file.iter_batches(columns=[column])
        )
        if total:
            _write_others(file, target, column, subject.key)
    return Removed(total)


def _write_others(file: pq.ParquetFile, target: Path, column: str, key: int) -> None:
    """Write the other rows, in the same types: COPY compares the columns."""
    first = file.metadata.row_group(0).column(0)
    legacy_times = any(
        file.schema.column(number).physical_type == "INT96" for number in range(len(file.schema.names))
    )
    with pq.ParquetWriter(
        target,
        file.schema_arrow,
        compression=first.compression,
        use_deprecated_int96_timestamps=legacy_times,
    ) as written:
        for batch in file.iter_batches():
            named = pc.fill_null(pc.equal(batch.column(column), key), False)
            others = batch.filter(pc.invert(named))
            if others.num_rows:  # each batch becomes a row group, and some readers refuse one of no rows
                written.write_batch(others)
