"""One dataset's files, written and counted."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np

from catalog import Dataset
from faker_tool.cutting import Piece
from faker_tool.facts import ACCEPTED, Facts
from faker_tool.faults import Faults
from faker_tool.files import Layout, gzipped
from faker_tool.format import FormatOf
from faker_tool.numbers import largest_id
from faker_tool.tally import Expected, Tally
from landing.bucket import Bytes
from landing.stores import Store


@dataclass(frozen=True, kw_only=True)
class LandingFile:
    """A file by its name in the landing zone; `size_bytes` are those in the store, `text_bytes` those of the CSV text.

    `is_truncated` if its gzip content is cut off: the pipeline reads none of its records. `rows_quarantined` are
    those that it rejects otherwise.
    """

    name: str
    size_bytes: int
    text_bytes: int
    records: int
    rows_quarantined: int
    is_gzip: bool
    is_truncated: bool


@dataclass(frozen=True, kw_only=True)
class Generated:
    """What was written for one dataset; `bytes` are those of the CSV text, before compression.

    `distinct_keys` are of the records that the pipeline accepts; `expected` is None unless it was asked for.
    """

    dataset: str
    files: tuple[LandingFile, ...]
    records: int
    bytes: int
    distinct_keys: int
    expected: Expected | None


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes the files of one dataset. `progress` is called with the bytes of each piece."""

    dataset: Dataset
    store: Store
    layout: Layout
    faults: Faults
    format_of: FormatOf
    expect: bool
    progress: Callable[[int], None]

    def write(self, pieces: Iterable[Piece]) -> Generated:
        """Write all pieces, each into its file."""
        largest = largest_id(self.dataset.key)
        seen = np.zeros(largest + 1, np.bool_)
        tally = Tally(largest) if self.expect else None

        def count(facts: Facts) -> None:
            seen[facts["key"][facts["rule"] == ACCEPTED]] = True
            if tally:
                tally.add(facts)

        groups = groupby(pieces, key=itemgetter(0))
        files = tuple(self._write_file(number, group, count) for number, group in groups)
        return Generated(
            dataset=self.dataset.name,
            files=files,
            records=sum(file.records for file in files),
            bytes=sum(file.text_bytes for file in files),
            distinct_keys=int(seen.sum()),
            expected=tally.expected() if tally else None,
        )

    def _write_file(
        self, number: int, pieces: Iterable[Piece], count: Callable[[Facts], None]
    ) -> LandingFile:
        name, is_gzip = self.layout.name(self.dataset, number), self.layout.compress
        is_truncated = self.faults.is_truncated(number)
        header = self.format_of(number).header
        text_bytes, records, rejected = len(header), 0, 0

        def blocks() -> Iterator[Bytes]:
            nonlocal text_bytes, records, rejected
            yield header
            for _, piece in pieces:
                yield piece.text
                text_bytes += len(piece.text)
                records += len(piece)
                rejected += int(np.count_nonzero(piece.facts["rule"] != ACCEPTED))
                if not is_truncated:
                    count(piece.facts)
                self.progress(len(piece.text))

        content = gzipped(blocks(), truncated=is_truncated) if is_gzip else blocks()
        size_bytes = self.store.write(name, content)
        return LandingFile(
            name=name,
            size_bytes=size_bytes,
            text_bytes=text_bytes,
            records=records,
            rows_quarantined=rejected,
            is_gzip=is_gzip,
            is_truncated=is_truncated,
        )
