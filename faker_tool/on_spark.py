"""A load of any size, made by a cluster: the same records that `python -m faker_tool` makes from the same seed.

    spark-submit --archives s3://bucket/environment.tar.gz#environment
        --conf spark.pyspark.python=./environment/bin/python
        --py-files code.zip on_spark.py --size 1.2TB --seed 0 --out s3://landing/load

Each task draws its own chunks and writes its own file, `OUT/reviews/part-00000.csv` and so on, of about `--files-of`
bytes; a task that is tried again replaces its file with the same bytes. `code.zip` holds the packages `catalog`,
`faker_tool` and `landing`.

An EMR node lacks numpy, pyarrow, faker, pydantic and boto3 for Python 3.11. Pack a virtual environment
that has them with `venv-pack -o environment.tar.gz`, on a machine like the nodes, and upload it; `--archives` unpacks it
beside each task. In client mode (the default of an EMR step) the driver needs them too: install them with a bootstrap
action, or use `--deploy-mode cluster` with `--conf spark.yarn.appMasterEnv.PYSPARK_PYTHON=./environment/bin/python`.
Tasks write with boto3, so the role of the nodes must be allowed to write to the bucket.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from pyspark.sql import SparkSession

from catalog import DATASETS, Dataset, dataset_named
from faker_tool.chunk import ROWS
from faker_tool.columns import RECORD_BYTES
from faker_tool.files import Naming, up_to_records
from faker_tool.generate import last_midnight, make_room
from faker_tool.records import encode, usual
from landing.bucket import Bytes
from landing.sizes import size_in_bytes
from landing.stores import store_at

NAMING = Naming(parts=True, compress=False)


@dataclass(frozen=True)
class Part:
    """One file to write: file `number` of a dataset, with `records` records from chunk `first_chunk` on.

    No part depends on another, so many machines can write at once.
    """

    dataset: str
    number: int
    first_chunk: int
    records: int


def plan_parts(datasets: Sequence[Dataset], *, records: int, files_of: int) -> list[Part]:
    """Plan `records` records of each dataset as parts of about `files_of` bytes.

    A part begins with a chunk and holds at least one, except that `records` may end within the last chunk. Datasets with
    big records come first, so that no machine begins a big part at the end.
    """
    biggest_first = sorted(datasets, key=lambda each: RECORD_BYTES[each.name], reverse=True)
    return [part for dataset in biggest_first for part in _parts_of(dataset, records, files_of)]


def _parts_of(dataset: Dataset, records: int, files_of: int) -> Iterator[Part]:
    chunks = max(1, files_of // (RECORD_BYTES[dataset.name] * ROWS))
    for number, first in enumerate(range(0, records, chunks * ROWS)):
        yield Part(dataset.name, number, number * chunks, min(chunks * ROWS, records - first))


def write_part(part: Part, *, out: str, seed: int, until: datetime) -> int:
    """Write the part's file below `out` (a folder or s3://bucket/prefix), or replace it; returns its bytes."""
    dataset = dataset_named(part.dataset)
    return store_at(out).write(NAMING.name(dataset, part.number), _content(dataset, part, seed, until))


def _content(dataset: Dataset, part: Part, seed: int, until: datetime) -> Iterator[Bytes]:
    form = usual(dataset)
    yield form.header
    chunks = range(part.first_chunk, part.first_chunk + -(-part.records // ROWS))
    drawn = ((part.number, encode(dataset, chunk, seed=seed, until=until)[form]) for chunk in chunks)
    for _, records in up_to_records(drawn, part.records):
        yield records.text


def run(spark: SparkSession, parts: Sequence[Part], *, out: str, seed: int, until: datetime) -> int:
    """Write all parts, each in its own task; returns the bytes of all files."""
    write = partial(write_part, out=out, seed=seed, until=until)
    return int(spark.sparkContext.parallelize(parts, len(parts)).map(write).sum())


def main(arguments: Sequence[str]) -> None:
    """The command line; argparse ends the process with a usage message if an option is missing or cannot be read."""
    parser = argparse.ArgumentParser(prog="on_spark.py")
    parser.add_argument("--size", required=True, type=_size, help="bytes over all datasets, like 1.2TB")
    parser.add_argument("--out", required=True, help="s3://bucket/prefix, or a folder all nodes share")
    parser.add_argument("--seed", type=int, default=0, help="equal seed and --until give equal records")
    parser.add_argument(
        "--until",
        type=_day,
        default=last_midnight(),
        help="records are captured in the 30 days before this day (UTC)",
    )
    parser.add_argument("--files-of", type=_size, default=size_in_bytes("128MB"))
    parser.add_argument("--force", action="store_true", help="replace files of an earlier run")
    options = parser.parse_args(arguments)
    records = max(1, options.size // sum(RECORD_BYTES[dataset.name] for dataset in DATASETS))
    parts = plan_parts(DATASETS, records=records, files_of=options.files_of)
    make_room(store_at(options.out), NAMING, DATASETS, force=options.force)
    started = time.perf_counter()
    spark = SparkSession.builder.getOrCreate()
    try:
        size = run(spark, parts, out=options.out, seed=options.seed, until=options.until)
    finally:
        spark.stop()
    seconds = time.perf_counter() - started
    print(f"{len(parts)} files, {records:,} records of each dataset, {size:,} bytes in {seconds:.1f} s")  # noqa: T201


def _size(text: str) -> int:
    try:
        return size_in_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


if __name__ == "__main__":
    main(sys.argv[1:])
