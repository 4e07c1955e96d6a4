"""Writes landing files of a wanted size, or with a wanted number of records."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from catalog import DATASETS, Dataset
from faker_tool.chunk import ROWS
from faker_tool.columns import RECORD_BYTES
from faker_tool.faults import NO_FAULTS, TRUNCATED_FILE, Faults
from faker_tool.files import Naming, into_files, up_to_bytes, up_to_records
from faker_tool.records import Drawn, Format, drifted, encode, usual
from faker_tool.sizes import planned_bytes
from faker_tool.texts import pools
from faker_tool.written import Generated, Manifest, Writer
from landing.stores import Store, store_at

_Draw = Callable[[int], Drawn]
_Streams = Callable[[_Draw, int], Iterator[Drawn]]
"""Gives chunks 0, 1, 2, ... of a draw; the number says how many will probably be needed."""


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
    other arguments: a smaller load is the beginning of a larger one. `files_of` splits a dataset into files of at most
    that many bytes; sizes are those before `gzip`. `expect` computes the counts that the pipeline's ledger should show;
    this takes 21 bytes of memory for each key. `progress` is called with the bytes of each portion written.

    Raises ValueError for arguments that make no sense, FileExistsError if files of an earlier run are there (`force`
    removes them instead), and StoreError if the bucket cannot be used.
    """
    started = time.perf_counter()
    plan = planned_bytes(datasets, size=size, records=records)
    _require_sense(files_of, until, faults, gzip=gzip)
    store = store_at(out)
    naming = Naming(parts=files_of is not None, compress=gzip)
    make_room(store, naming, datasets, force=force)
    end = until or last_midnight()

    def one(dataset: Dataset, source: _Streams) -> Generated:
        def format_of(number: int) -> Format:
            return drifted(dataset) if faults.is_drifted(number) else usual(dataset)

        chunks = 1 + plan[dataset.name] // (RECORD_BYTES[dataset.name] * ROWS)
        stream = source(partial(encode, dataset, seed=seed, until=end, faults=faults), chunks)
        portions = into_files(stream, limit=files_of, format_of=format_of)
        if records is not None:
            portions = up_to_records(portions, records)
        else:
            portions = up_to_bytes(portions, plan[dataset.name], format_of=format_of)
        writer = Writer(
            dataset=dataset,
            store=store,
            naming=naming,
            faults=faults,
            format_of=format_of,
            expect=expect,
            progress=progress,
        )
        return writer.write(portions)

    with _streams(threads or os.cpu_count() or 1) as source:
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


def make_room(store: Store, naming: Naming, datasets: Sequence[Dataset], *, force: bool) -> None:
    """If files of an earlier run are there, remove them with `force`, or else raise FileExistsError."""
    existing = [
        name
        for dataset in datasets
        for name in store.names(naming.stem(dataset))
        if naming.is_name(dataset, name)
    ]
    if existing and not force:
        names = ", ".join(existing[:4])
        more = f" and {len(existing) - 4} more" if len(existing) > 4 else ""  # noqa: PLR2004
        raise FileExistsError(
            f"{store} already holds {names}{more}; choose another folder, or --force to replace them"
        )
    for name in existing:
        store.remove(name)


@contextmanager
def _streams(threads: int) -> Iterator[_Streams]:
    """Context manager that gives endless streams of chunks: threads draw ahead, and the chunks come in order.

    Threads, not processes: numpy and Arrow release the interpreter's lock while they draw, and a chunk is written
    without being copied to another process.
    """
    pools()  # fill this cache once, before each thread tries to
    with ThreadPoolExecutor(threads, "draw") as workers:
        yield lambda draw, expected: _ahead(workers, draw, expected, window=2 * threads)


def _ahead(workers: Executor, draw: _Draw, expected: int, *, window: int) -> Iterator[Drawn]:
    pending: deque[Future[Drawn]] = deque()
    numbers = count()
    expected_numbers = iter(range(expected))
    try:
        while True:
            while len(pending) < window and next(expected_numbers, None) is not None:
                pending.append(workers.submit(draw, next(numbers)))
            if not pending:  # more chunks are needed than expected
                pending.append(workers.submit(draw, next(numbers)))
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()
