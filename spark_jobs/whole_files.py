"""Divides files among tasks, and turns whole files into packed rows or into the records that break a rule."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote

import pyarrow as pa

from catalog import Dataset
from contract.keys import is_gzip
from contract.rejects import BYTES
from spark_jobs.accounting import FileTally
from spark_jobs.csv_files import NotReadableError, Records, read_records_of
from spark_jobs.job import DatasetRun
from spark_jobs.packing import Packing, packed_rows, packed_tally
from spark_jobs.quarantine import COLUMNS, FILE, RECORD, ROW
from spark_jobs.reading import CORRUPT, FAULT, Source, UnexpectedFilesError
from spark_jobs.rules.in_duckdb import Cleaner, numbered
from spark_jobs.storage import Folder

_MOST = 128 * 1024 * 1024
_OPENING = 4 * 1024 * 1024
"""The most bytes of a task, and the cost of opening a file in bytes: Spark's own defaults for its readers."""
_TOGETHER = 96 * 1024 * 1024
"""Files with up to this many bytes are cleaned together: only the newest versions among them go on."""


@dataclass(frozen=True)
class Readable:
    """A file in the working zone, or one part of a split file; a part carries its file's `file_number`.

    `source` is the index of the file's source, `uri` its address, percent-encoded as in Spark.
    """

    file_number: int
    source: int
    uri: str
    size: int


def readable_files(sources: Sequence[Source]) -> list[Readable]:
    """All files of the sources; the size of a part is the average of its file's parts."""
    return [
        Readable(file.number, index, quote(uri, safe=":/="), file.size // len(file.targets))
        for index, source in enumerate(sources)
        for file in source.files
        for uri in source.layout.uris(file)
    ]


def divided(files: Sequence[Readable], cores: int) -> tuple[tuple[Readable, ...], ...]:
    """Tasks of about the same size, the greatest first; enough to keep `cores` cores busy."""
    total = sum(map(_cost, files))
    share = min(_MOST, max(_OPENING, -(-total // cores)))
    shares: list[tuple[int, int, list[Readable]]] = [
        (0, index, []) for index in range(min(len(files), -(-total // share)))
    ]
    for file in sorted(files, key=_cost, reverse=True):
        cost, index, held = shares[0]  # the smallest task so far
        held.append(file)
        heapq.heapreplace(shares, (cost + _cost(file), index, held))
    return tuple(tuple(held) for _, _, held in sorted(shares, reverse=True))


def _cost(file: Readable) -> int:
    return file.size + _OPENING


@dataclass(frozen=True)
class _File:
    file_number: int
    columns: tuple[str, ...]
    uri: str
    size: int
    records: Records | None
    """The records of a file; None if only Spark can say what is wrong with the file."""


@dataclass(frozen=True)
class Reader:
    """Reads files of a dataset; holds the parts of its sources and of the run that each task needs.

    `columns` and `folders` are those of each source, `cut` the numbers of the split files, `tasks` the files of each
    task. `started` is the run's start time.
    """

    dataset: Dataset
    started: datetime
    tasks: tuple[tuple[Readable, ...], ...]
    columns: tuple[tuple[str, ...], ...]
    folders: tuple[Folder, ...]
    cut: frozenset[int]

    @classmethod
    def of(cls, run: DatasetRun, sources: Sequence[Source]) -> Self:
        return cls(
            run.dataset,
            run.job.started,
            tasks=divided(readable_files(sources), run.spark.sparkContext.defaultParallelism),
            columns=tuple(source.layout.columns for source in sources),
            folders=tuple(Folder.at(source.layout.prefix, run.spark) for source in sources),
            cut=frozenset(file.number for source in sources for file in source.files if file.parts),
        )

    def files(self, batches: Iterable[pa.RecordBatch]) -> Iterator[_File]:
        """The result for rows that hold a task's index each."""
        for batch in batches:
            for index in batch.column(0).to_pylist():
                yield from map(self._file, self.tasks[index])

    def _file(self, file: Readable) -> _File:
        content, columns = self._content(file), self.columns[file.source]
        try:
            records = read_records_of(
                memoryview(content),
                columns,
                self.dataset.column_names,
                packed=is_gzip(file.uri),
                proved=file.file_number in self.cut,
            )
        except NotReadableError:
            records = None
        return _File(file.file_number, columns, file.uri, content.size, records)

    def _content(self, file: Readable) -> pa.Buffer:
        try:
            return self.folders[file.source].read(file.uri)
        except FileNotFoundError:
            raise UnexpectedFilesError(
                f"{file.uri} is not in the working zone: start the run again, its copies were removed meanwhile"
            ) from None


def clean_files(
    batches: Iterable[pa.RecordBatch], *, reader: Reader, packing: Packing
) -> Iterator[pa.RecordBatch]:
    """Good rows, packed, and tallies of files. A `deferred` file has no rows."""
    with Cleaner(reader.dataset, reader.started) as cleaner:
        waiting, size = list[pa.Table](), 0
        for file in reader.files(batches):
            if file.records is None:
                yield packed_tally(FileTally(file_number=file.file_number, deferred=True))
                continue
            corrupt, blank = len(file.records.corrupt), len(file.records.blank)
            if corrupt or blank:
                yield packed_tally(
                    FileTally(
                        file_number=file.file_number,
                        read=corrupt,
                        bad=corrupt,
                        blank=blank,
                        backslashes=file.records.has_backslashes,
                    )
                )
            waiting.append(numbered(file.records.texts, file.file_number))
            size += file.size
            if size >= _TOGETHER:
                yield from _cleaned(cleaner, waiting, packing)
                waiting, size = [], 0
        if waiting:
            yield from _cleaned(cleaner, waiting, packing)


def _cleaned(cleaner: Cleaner, tables: Sequence[pa.Table], packing: Packing) -> Iterator[pa.RecordBatch]:
    cleaned = cleaner.clean(pa.concat_tables(tables))
    yield from packed_rows(cleaned.rows, packing)
    for tally in cleaned.tallies:
        yield packed_tally(tally)


def bad_schema(dataset: Dataset) -> pa.Schema:
    """The columns of `bad_records`: the catalog's columns as text, CORRUPT, FAULT, ROW, COLUMNS, FILE and RECORD."""
    texts = [(name, pa.string()) for name in (*dataset.column_names, CORRUPT, FAULT)]
    others = [(ROW, pa.map_(pa.string(), pa.string())), (COLUMNS, pa.list_(pa.string())), (FILE, pa.string())]
    return pa.schema([*texts, *others, (RECORD, pa.int64())])


def bad_records(batches: Iterable[pa.RecordBatch], *, reader: Reader) -> Iterator[pa.RecordBatch]:
    """The records that break a rule, one character per byte. ValueError if a file can no longer be read."""
    dataset = reader.dataset
    schema = bad_schema(dataset)
    with Cleaner(dataset, reader.started) as cleaner:
        for file in reader.files(batches):
            if file.records is None:
                raise ValueError(f"{file.uri} cannot be read as it was a moment ago: start a new run")
            indexes = cleaner.indexes_of_bad(numbered(file.records.texts, file.file_number))
            rows = [*_bad_rows(file, file.records, indexes, dataset), *_corrupt_rows(file, file.records)]
            if rows:
                yield pa.RecordBatch.from_pylist(rows, schema=schema)


def _bad_rows(
    file: _File, records: Records, indexes: Sequence[int], dataset: Dataset
) -> Iterator[dict[str, Any]]:
    bad = records.values.take(pa.array(indexes, pa.int64()))
    rows = zip(*(column.cast(pa.binary()).to_pylist() for column in bad.columns), strict=True)
    for number, row in zip(records.numbers()[list(indexes)].tolist(), rows, strict=True):
        values = [value.decode(BYTES) or None for value in row]
        # the first of several equal names counts
        named = dict(reversed(list(zip(file.columns, values, strict=True))))
        in_order = [(name, named[name]) for name in dict.fromkeys(file.columns)]
        known = {name: named[name] for name in dataset.column_names}
        yield known | {ROW: in_order, COLUMNS: file.columns, FILE: file.uri, RECORD: number}


def _corrupt_rows(file: _File, records: Records) -> Iterator[dict[str, Any]]:
    for number, record in records.corrupt.items():
        yield {
            CORRUPT: record.raw,
            FAULT: record.fault,
            COLUMNS: file.columns,
            FILE: file.uri,
            RECORD: number,
        }
