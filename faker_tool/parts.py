"""A load as parts that know nothing of each other, so that many machines can write them at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog import Dataset, dataset_named
from faker_tool.chunk import ROWS
from faker_tool.columns import RECORD_BYTES
from faker_tool.cutting import up_to_records
from faker_tool.files import Layout
from faker_tool.format import usual
from faker_tool.records import encode
from landing.bucket import Bytes
from landing.stores import store_at

LAYOUT = Layout(parts=True, compress=False)


@dataclass(frozen=True)
class Part:
    """File `number` of a dataset: `records` from chunk `first_chunk` on."""

    dataset: str
    number: int
    first_chunk: int
    records: int


def plan_parts(datasets: Sequence[Dataset], *, records: int, files_of: int) -> list[Part]:
    """The parts of that many records of each dataset, of about `files_of` bytes: each has whole chunks, one at least.

    Biggest datasets come first, so that no machine is left with a big part at the end.
    """
    biggest_first = sorted(datasets, key=lambda each: RECORD_BYTES[each.name], reverse=True)
    return [part for dataset in biggest_first for part in _parts_of(dataset, records, files_of)]


def _parts_of(dataset: Dataset, records: int, files_of: int) -> Iterator[Part]:
    chunks = max(1, files_of // (RECORD_BYTES[dataset.name] * ROWS))
    for number, first in enumerate(range(0, records, chunks * ROWS)):
        yield Part(dataset.name, number, number * chunks, min(chunks * ROWS, records - first))


def write_part(part: Part, *, out: str, seed: int, until: datetime) -> int:
    """Write the part's file below `out`, a folder or s3://bucket/prefix; its bytes. A second time it is replaced."""
    dataset = dataset_named(part.dataset)
    return store_at(out).write(LAYOUT.name(dataset, part.number), _content(dataset, part, seed, until))


def _content(dataset: Dataset, part: Part, seed: int, until: datetime) -> Iterator[Bytes]:
    form = usual(dataset)
    yield form.header
    chunks = range(part.first_chunk, part.first_chunk + -(-part.records // ROWS))
    drawn = ((part.number, encode(dataset, chunk, seed=seed, until=until)[form]) for chunk in chunks)
    for _, records in up_to_records(drawn, part.records):
        yield records.text
