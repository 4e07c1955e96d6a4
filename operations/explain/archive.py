"""The records of one key in the archive: read and cleaned by the code of the Spark job, without Spark."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from botocore.exceptions import ClientError

from catalog import USERS, VERSION, Dataset
from contract.keys import RECORDS_BEFORE, is_gzip
from contract.plan import LandingObject
from lambdas.shared.zone import in_parallel, raise_unless_changed
from operations.explain.history import Record, Version
from operations.forget.subject import Subject
from operations.rebuild.archive import ArchivedFile
from operations.zones import Zones
from spark_jobs.csv_reader import Reading, Records, Text
from spark_jobs.header import HeaderError, Headers
from spark_jobs.newest import record_hashes
from spark_jobs.rules.in_duckdb import Cleaner, numbered
from spark_jobs.unpacking import NotUnpackedError, unpacked

_FILES_AT_ONCE = 4
_BLOCK = 16 * 1024 * 1024  # bytes of a file in memory
_GONE = "the archive holds it no longer"


@dataclass(frozen=True)
class FileRecords:
    """The good records of a key in one file, and the ids of the users in them; with a `problem` some records may be missing."""

    archived: ArchivedFile
    records: tuple[Record, ...] = ()
    users: frozenset[int] = frozenset()
    problem: str | None = None


def records_in(
    zones: Zones, subject: Subject, files: Sequence[tuple[ArchivedFile, datetime]]
) -> list[FileRecords]:
    """The subject's own records in each file; the time beside a file is that of its publish.

    A record is good if it obeys the present catalog. Its run may have judged otherwise for one reason: a capture that lies in
    the future is judged by the publish here, and by the start of the run there.
    """
    return in_parallel(lambda each: _in_file(zones, subject, *each), files, _FILES_AT_ONCE)


def _in_file(zones: Zones, subject: Subject, archived: ArchivedFile, published: datetime) -> FileRecords:
    if archived.problem:
        return FileRecords(archived, problem=archived.problem)
    records, users = list[Record](), set[int]()
    for copy in archived.copies:
        try:
            found, named = _in_copy(zones, subject, archived, copy, published)
        except (HeaderError, NotUnpackedError) as error:
            return FileRecords(archived, tuple(records), frozenset(users), str(error))
        except ClientError as error:
            raise_unless_changed(error)
            return FileRecords(archived, tuple(records), frozenset(users), _GONE)
        records += found
        users |= named
    return FileRecords(archived, tuple(records), frozenset(users))


def _in_copy(
    zones: Zones, subject: Subject, archived: ArchivedFile, copy: LandingObject, published: datetime
) -> tuple[list[Record], set[int]]:
    packed = is_gzip(copy.key)
    body = zones.s3.get_object(Bucket=zones.working, Key=copy.key)["Body"]
    with closing(body):
        blocks: Iterator[bytes] = iter(partial(body.read, _BLOCK), b"")
        if not packed and copy.size <= _BLOCK:
            content = next(blocks, b"")
            if not subject.occurs.search(content):
                return [], set()
            blocks = iter([content])
        text = Text(unpacked(blocks) if packed else blocks)
        columns = Headers(subject.dataset).skip(text).columns
        reading = Reading(text, columns, subject.dataset.column_names)
        before = re.match(RECORDS_BEFORE, copy.key.rpartition("/")[2])
        passed = int(before[1]) if before else 0
        found, users = list[Record](), set[int]()
        for records in reading.records():
            good, named = _cleaned(subject, archived, copy, records, published, passed)
            found += good
            users |= named
            passed += len(records)
    return found, users


def _cleaned(
    subject: Subject,
    archived: ArchivedFile,
    copy: LandingObject,
    records: Records,
    published: datetime,
    before: int,
) -> tuple[list[Record], set[int]]:
    """The good ones among records of a copy, and the users in them; `before` records of the file precede them."""
    dataset = subject.dataset
    likely = pc.match_substring(records.texts.column(dataset.key), str(subject.key)).fill_null(False)
    texts, numbers = records.texts.filter(likely), records.numbers()[likely.to_numpy()].tolist()
    if not numbers:
        return [], set()
    with Cleaner(dataset, published) as cleaner:
        # one record at a time: of several, the cleaner keeps only the newest
        each = [cleaner.clean(numbered(texts.slice(index, 1), 0)).rows for index in range(len(numbers))]
    good = [
        (number, row)
        for number, row in zip(numbers, each, strict=True)
        if row.num_rows and row.column(dataset.key)[0].as_py() == subject.key
    ]
    if not good:
        return [], set()
    rows = pa.concat_tables([row for _, row in good])
    found = [
        Record(
            run_id=archived.file.run_id,
            file=archived.file.key,
            copy=copy.key,
            record=before + number,
            version=version,
        )
        for (number, _), version in zip(good, _versions(dataset, rows), strict=True)
    ]
    users = rows.column(USERS.key).drop_null().to_pylist() if USERS.key in rows.column_names else []
    return found, set(users)


def _versions(dataset: Dataset, rows: pa.Table) -> list[Version]:
    captured = rows.column(VERSION.name).to_pylist()
    return [Version(*each) for each in zip(captured, record_hashes(rows, dataset).tolist(), strict=True)]
