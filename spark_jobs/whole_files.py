"""Files to packed rows, or to the records among them that break a rule: what tasks run in Python."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import pyarrow as pa
from pyspark.sql import SparkSession

from catalog import Dataset
from spark_jobs.cleaner import Cleaner, numbered
from spark_jobs.csv_files import NotRegularError, Records, read_records_of
from spark_jobs.division import Readable, divided, readable_files
from spark_jobs.encoding import BYTES
from spark_jobs.files import UnexpectedFilesError
from spark_jobs.packing import packed_rows, packed_tally
from spark_jobs.quarantine import COLUMNS, FILE, RECORD, ROW
from spark_jobs.reading import CORRUPT, FAULT, Source
from spark_jobs.storage import Folder
from spark_jobs.tallies import FileTally

_TOGETHER = 96 * 1024 * 1024
"""Files are cleaned together until they have so many bytes: only the newest of the versions in all of them go on."""


@dataclass(frozen=True)
class _File:
    number: int
    columns: tuple[str, ...]
    uri: str
    size: int
    records: Records | None
    """None if the file is not for Arrow's parser."""


@dataclass(frozen=True)
class Reader:
    """Reads files of a dataset; holds what it needs of its sources, as it is sent to each task.

    `columns` and `folders` are those of each source, `cut` the numbers of files that were cut, `tasks` the files that
    each task is to read.
    """

    dataset: Dataset
    tasks: tuple[tuple[Readable, ...], ...]
    columns: tuple[tuple[str, ...], ...]
    folders: tuple[Folder, ...]
    cut: frozenset[int]

    @classmethod
    def of(cls, sources: Sequence[Source], dataset: Dataset, spark: SparkSession) -> Self:
        return cls(
            dataset,
            tasks=divided(readable_files(sources), spark.sparkContext.defaultParallelism),
            columns=tuple(source.layout.columns for source in sources),
            folders=tuple(Folder.at(source.layout.prefix, spark) for source in sources),
            cut=frozenset(file.number for source in sources for file in source.files if file.parts),
        )

    def files(self, batches: Iterable[pa.RecordBatch]) -> Iterator[_File]:
        """Of rows that have a task's place each."""
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield from map(self._file, self.tasks[place])

    def _file(self, file: Readable) -> _File:
        content, columns = self._content(file), self.columns[file.source]
        try:
            records = read_records_of(
                memoryview(content),
                columns,
                self.dataset.column_names,
                packed=file.uri.endswith(".gz"),
                proved=file.number in self.cut,
            )
        except NotRegularError:
            records = None
        return _File(file.number, columns, file.uri, content.size, records)

    def _content(self, file: Readable) -> pa.Buffer:
        try:
            return self.folders[file.source].read(file.uri)
        except FileNotFoundError:
            raise UnexpectedFilesError(
                f"{file.uri} is not in the working zone: start the run again, its copies were removed meanwhile"
            ) from None


def clean_files(
    batches: Iterable[pa.RecordBatch], *, reader: Reader, labels: Sequence[int], started: datetime
) -> Iterator[pa.RecordBatch]:
    """Good rows, packed, and tallies of files. A file that is `left` has no rows."""
    with Cleaner(reader.dataset, started) as cleaner:
        waiting, size = list[pa.Table](), 0
        for file in reader.files(batches):
            if file.records is None:
                yield packed_tally(FileTally(number=file.number, left=True))
                continue
            if corrupt := len(file.records.corrupt):
                yield packed_tally(FileTally(number=file.number, read=corrupt, bad=corrupt))
            waiting.append(numbered(file.records.texts, file.number))
            size += file.size
            if size >= _TOGETHER:
                yield from _cleaned(cleaner, waiting, reader.dataset, labels)
                waiting, size = [], 0
        if waiting:
            yield from _cleaned(cleaner, waiting, reader.dataset, labels)


def _cleaned(
    cleaner: Cleaner, tables: Sequence[pa.Table], dataset: Dataset, labels: Sequence[int]
) -> Iterator[pa.RecordBatch]:
    cleaned = cleaner.clean(pa.concat_tables(tables))
    yield from packed_rows(cleaned.rows, dataset, labels)
    for tally in cleaned.tallies:
        yield packed_tally(tally)


def bad_schema(dataset: Dataset) -> pa.Schema:
    """The columns of `bad_records`: those of the catalog as text, CORRUPT, FAULT, ROW, COLUMNS, FILE and RECORD."""
    texts = [(name, pa.string()) for name in (*dataset.column_names, CORRUPT, FAULT)]
    others = [(ROW, pa.map_(pa.string(), pa.string())), (COLUMNS, pa.list_(pa.string())), (FILE, pa.string())]
    return pa.schema([*texts, *others, (RECORD, pa.int64())])


def bad_records(
    batches: Iterable[pa.RecordBatch], *, reader: Reader, started: datetime
) -> Iterator[pa.RecordBatch]:
    """The records that break a rule, one character per byte. ValueError if a file can no longer be read."""
    dataset = reader.dataset
    schema = bad_schema(dataset)
    with Cleaner(dataset, started) as cleaner:
        for file in reader.files(batches):
            if file.records is None:
                raise ValueError(f"{file.uri} cannot be read as it was a moment ago: start a new run")
            places = cleaner.places_of_bad(numbered(file.records.texts, file.number))
            rows = [*_bad_rows(file, file.records, places, dataset), *_corrupt_rows(file, file.records)]
            if rows:
                yield pa.RecordBatch.from_pylist(rows, schema=schema)


def _bad_rows(
    file: _File, records: Records, places: Sequence[int], dataset: Dataset
) -> Iterator[dict[str, Any]]:
    found = records.values.take(pa.array(places, pa.int64()))
    rows = zip(*(column.cast(pa.binary()).to_pylist() for column in found.columns), strict=True)
    for number, row in zip(records.numbers()[list(places)].tolist(), rows, strict=True):
        values = [value.decode(BYTES) or None for value in row]
        # the first of equal names counts
        named = dict(reversed(list(zip(file.columns, values, strict=True))))
        in_order = [(name, named[name]) for name in dict.fromkeys(file.columns)]
        known = {name: named[name] for name in dataset.column_names}
        yield known | {ROW: in_order, COLUMNS: file.columns, FILE: file.uri, RECORD: number}


def _corrupt_rows(file: _File, records: Records) -> Iterator[dict[str, Any]]:
    for number, text in records.corrupt.items():
        raw = text.encode().decode(BYTES)
        yield {CORRUPT: raw, FAULT: "field_count", COLUMNS: file.columns, FILE: file.uri, RECORD: number}
