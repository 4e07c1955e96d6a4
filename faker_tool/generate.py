"""Landing files of a wanted size or number of records."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from catalog import DATASETS, Dataset
from faker_tool.chunk import ROWS
from faker_tool.columns import RECORD_BYTES
from faker_tool.cutting import Piece, into_files, up_to_bytes, up_to_records
from faker_tool.files import Layout
from faker_tool.numbers import largest_id
from faker_tool.records import encode
from faker_tool.stream import Streams, streams

SMALLEST_SIZE = 100_000
"""Bytes: below it a single record is too long to come within 2% of the wanted size."""

_WORTH_A_PROCESS = 50_000_000  # bytes: drawing them takes about as long as starting the process


@dataclass(frozen=True, kw_only=True)
class Generated:
    """What was written for one dataset; `bytes` are those of the CSV text, before compression."""

    dataset: str
    files: tuple[Path, ...]
    records: int
    bytes: int
    distinct_keys: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What one call of `generate` wrote, and in how many seconds."""

    datasets: tuple[Generated, ...]
    seconds: float

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for each in self.datasets for path in each.files)

    @property
    def records(self) -> int:
        return sum(each.records for each in self.datasets)

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.datasets)


def planned_bytes(datasets: Sequence[Dataset], *, size: int | None, records: int | None) -> dict[str, int]:
    """Bytes by dataset name: `size` split so that all get about equally many records, or those `records` take.

    ValueError unless exactly one of the two is given, and large enough.
    """
    if size is not None and records is None:
        if size < SMALLEST_SIZE:
            raise ValueError(f"a size of {size} bytes is too small to hit; ask for {SMALLEST_SIZE} or more")
        whole = sum(RECORD_BYTES[each.name] for each in datasets)
        return {each.name: size * RECORD_BYTES[each.name] // whole for each in datasets}
    if records is not None and size is None:
        if records < 1:
            raise ValueError(f"{records} records were asked for; ask for 1 or more")
        return {each.name: records * RECORD_BYTES[each.name] for each in datasets}
    found = "neither was" if size is None else "both were"
    raise ValueError(f"give either a size or a number of records; {found} given")


def generate(
    out: Path,
    *,
    size: int | None = None,
    records: int | None = None,
    seed: int = 0,
    until: datetime | None = None,
    datasets: Sequence[Dataset] = DATASETS,
    files_of: int | None = None,
    gzip: bool = False,
    force: bool = False,
    processes: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Write landing files below `out`: `size` bytes in all, headers included, or `records` of each dataset.

    Records are captured in the 30 days before `until` (with a time zone; by default the last midnight in UTC). Equal
    `seed` and `until` give equal records whatever the other arguments: a smaller load is the beginning of a larger
    one. `files_of` cuts into parts of at most that many bytes; sizes count before `gzip`. `progress` is called
    with the bytes of each piece written.

    Raises ValueError for arguments that make no sense, FileExistsError where files would be replaced, unless
    `force` (which removes them first).
    """
    started = time.perf_counter()
    plan = planned_bytes(datasets, size=size, records=records)
    if files_of is not None and files_of < 1:
        raise ValueError(f"files of {files_of} bytes were asked for; ask for 1 or more, 128 MB is usual")
    if until is not None and until.tzinfo is None:
        raise ValueError(f"until is {until}, without a time zone; give it one, such as datetime.UTC")
    layout = Layout(folder=out, parts=files_of is not None, compress=gzip)
    _make_room(layout, datasets, force=force)
    end = until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    def one(dataset: Dataset, source: Streams) -> Generated:
        header = (",".join(dataset.column_names) + "\n").encode()
        chunks = 1 + plan[dataset.name] // (RECORD_BYTES[dataset.name] * ROWS)
        stream = source(partial(encode, dataset, seed=seed, until=end), chunks)
        pieces = into_files(stream, limit=files_of, header=len(header))
        if records is not None:
            pieces = up_to_records(pieces, records)
        else:
            pieces = up_to_bytes(pieces, plan[dataset.name], header=len(header))
        return _write(dataset, layout, header, pieces, progress)

    expected = sum(plan.values())
    with streams(processes or min(os.cpu_count() or 1, 1 + expected // _WORTH_A_PROCESS)) as source:
        generated = tuple(one(dataset, source) for dataset in datasets)
    return Manifest(datasets=generated, seconds=time.perf_counter() - started)


def _make_room(layout: Layout, datasets: Sequence[Dataset], *, force: bool) -> None:
    existing = [path for dataset in datasets for path in layout.existing(dataset)]
    if existing and not force:
        names = ", ".join(str(path.relative_to(layout.folder)) for path in existing[:4])
        more = f" and {len(existing) - 4} more" if len(existing) > 4 else ""  # noqa: PLR2004
        raise FileExistsError(
            f"{layout.folder} already holds {names}{more}; choose another folder, or --force to replace them"
        )
    for path in existing:
        path.unlink()


def _write(
    dataset: Dataset, layout: Layout, header: bytes, pieces: Iterator[Piece], progress: Callable[[int], None]
) -> Generated:
    files: list[Path] = []
    seen = np.zeros(largest_id(dataset.key) + 1, np.bool_)
    size = count = 0
    for number, group in groupby(pieces, key=itemgetter(0)):
        path = layout.path(dataset, number)
        with layout.writing(path) as stream:
            stream.write(header)
            size += len(header)
            for _, records in group:
                stream.write(records.text)
                seen[records.keys] = True
                size += len(records.text)
                count += len(records)
                progress(len(records.text))
        files.append(path)
    return Generated(
        dataset=dataset.name, files=tuple(files), records=count, bytes=size, distinct_keys=int(seen.sum())
    )
