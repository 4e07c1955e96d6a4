"""Landing files of a wanted size or number of records."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from catalog import DATASETS, Dataset
from faker_tool.chunk import ROWS
from faker_tool.columns import RECORD_BYTES
from faker_tool.cutting import into_files, up_to_bytes, up_to_records
from faker_tool.faults import NO_FAULTS, TRUNCATED_FILE, Faults
from faker_tool.files import Layout
from faker_tool.format import Format, drifted, usual
from faker_tool.records import encode
from faker_tool.sizes import planned_bytes
from faker_tool.stream import Streams, streams
from faker_tool.written import Generated, LandingFile, Writer
from landing.stores import Store, store_at


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What one call of `generate` wrote, and in how many seconds."""

    seed: int
    until: datetime
    faults: Faults
    datasets: tuple[Generated, ...]
    seconds: float

    @property
    def files(self) -> tuple[LandingFile, ...]:
        return tuple(file for each in self.datasets for file in each.files)

    @property
    def records(self) -> int:
        return sum(each.records for each in self.datasets)

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.datasets)


def generate(
    out: Path | str,
    *,
    size: int | None = None,
    records: int | None = None,
    seed: int = 0,
    until: datetime | None = None,
    datasets: Sequence[Dataset] = DATASETS,
    files_of: int | None = None,
    gzip: bool = False,
    force: bool = False,
    faults: Faults = NO_FAULTS,
    expect: bool = False,
    threads: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Write landing files below `out`: `size` bytes in all, headers included, or `records` of each dataset.

    `out` is a folder, or a text like `s3://bucket/prefix`. Records are captured in the 30 days before `until` (with a
    time zone; by default the last midnight in UTC). Equal `seed`, `until` and `faults` give equal records whatever the
    other arguments: a smaller load is the beginning of a larger one. `files_of` cuts into parts of at most that many
    bytes; sizes count before `gzip`. `expect` counts what the pipeline's ledger has to say, which takes 21 bytes of
    memory for each key. `progress` is called with the bytes of each piece written.

    Raises ValueError for arguments that make no sense, FileExistsError where files would be replaced, unless
    `force` (which removes them first), and StoreError if the bucket cannot be used.
    """
    started = time.perf_counter()
    plan = planned_bytes(datasets, size=size, records=records)
    _require_sense(files_of, until, faults, gzip=gzip)
    store = store_at(out)
    layout = Layout(parts=files_of is not None, compress=gzip)
    make_room(store, layout, datasets, force=force)
    end = until or last_midnight()

    def one(dataset: Dataset, source: Streams) -> Generated:
        def format_of(number: int) -> Format:
            return drifted(dataset) if faults.is_drifted(number) else usual(dataset)

        chunks = 1 + plan[dataset.name] // (RECORD_BYTES[dataset.name] * ROWS)
        stream = source(partial(encode, dataset, seed=seed, until=end, faults=faults), chunks)
        pieces = into_files(stream, limit=files_of, format_of=format_of)
        if records is not None:
            pieces = up_to_records(pieces, records)
        else:
            pieces = up_to_bytes(pieces, plan[dataset.name], format_of=format_of)
        writer = Writer(
            dataset=dataset,
            store=store,
            layout=layout,
            faults=faults,
            format_of=format_of,
            expect=expect,
            progress=progress,
        )
        return writer.write(pieces)

    with streams(threads or os.cpu_count() or 1) as source:
        generated = tuple(one(dataset, source) for dataset in datasets)
    seconds = time.perf_counter() - started
    return Manifest(seed=seed, until=end, faults=faults, datasets=generated, seconds=seconds)


def last_midnight() -> datetime:
    """The beginning of today in UTC."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _require_sense(files_of: int | None, until: datetime | None, faults: Faults, *, gzip: bool) -> None:
    if files_of is not None and files_of < 1:
        raise ValueError(f"files of {files_of} bytes were asked for; ask for 1 or more, 128 MB is usual")
    if until is not None and until.tzinfo is None:
        raise ValueError(f"until is {until}, without a time zone; give it one, such as datetime.UTC")
    if faults.rates.get(TRUNCATED_FILE) and not gzip:
        raise ValueError(f"{TRUNCATED_FILE} cuts off the content of gzip files; ask for gzip too")


def make_room(store: Store, layout: Layout, datasets: Sequence[Dataset], *, force: bool) -> None:
    """Remove what an earlier run has left, or raise FileExistsError unless forced to."""
    existing = [
        name
        for dataset in datasets
        for name in store.names(layout.stem(dataset))
        if layout.is_name(dataset, name)
    ]
    if existing and not force:
        names = ", ".join(existing[:4])
        more = f" and {len(existing) - 4} more" if len(existing) > 4 else ""  # noqa: PLR2004
        raise FileExistsError(
            f"{store} already holds {names}{more}; choose another folder, or --force to replace them"
        )
    for name in existing:
        store.remove(name)
