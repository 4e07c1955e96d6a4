"""What one load wrote, by file and by dataset, and its manifest: what the pipeline should make of the load."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from catalog import Dataset
from faker_tool.accounting import ACCEPTED, Expected, Facts, Tally
from faker_tool.faults import Faults
from faker_tool.files import Naming, Portion, gzipped
from faker_tool.records import FormatOf
from faker_tool.values import largest_id
from landing.bucket import Bytes
from landing.stores import Store


@dataclass(frozen=True, kw_only=True)
class LandingFile:
    """A landing file: `size_bytes` is its size in the store, `text_bytes` the size of its CSV text.

    `is_truncated` says that its gzip content is cut off, so that the pipeline reads none of its records.
    `rows_quarantined` counts the records that the pipeline rejects if it can read the file.
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
    """What was written for one dataset; `bytes` is the size of the CSV text, before compression.

    `distinct_keys` counts the keys of the records that the pipeline accepts; `expected` is None unless it was asked for.
    """

    dataset: str
    files: tuple[LandingFile, ...]
    records: int
    bytes: int
    distinct_keys: int
    expected: Expected | None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What one call of `generate` wrote, and how many seconds it took."""

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


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes the files of one dataset; `progress` is called with the bytes of each portion."""

    dataset: Dataset
    store: Store
    naming: Naming
    faults: Faults
    format_of: FormatOf
    expect: bool
    progress: Callable[[int], None]

    def write(self, portions: Iterable[Portion]) -> Generated:
        """Write all portions, each into its file."""
        largest = largest_id(self.dataset.key)
        seen = np.zeros(largest + 1, np.bool_)
        tally = Tally(largest) if self.expect else None

        def count(facts: Facts) -> None:
            seen[facts["key"][facts["rule"] == ACCEPTED]] = True
            if tally:
                tally.add(facts)

        groups = groupby(portions, key=itemgetter(0))
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
        self, number: int, portions: Iterable[Portion], count: Callable[[Facts], None]
    ) -> LandingFile:
        name, is_gzip = self.naming.name(self.dataset, number), self.naming.compress
        is_truncated = self.faults.is_truncated(number)
        header = self.format_of(number).header
        text_bytes, records, rejected = len(header), 0, 0

        def blocks() -> Iterator[Bytes]:
            nonlocal text_bytes, records, rejected
            yield header
            for _, portion in portions:
                yield portion.text
                text_bytes += len(portion.text)
                records += len(portion)
                rejected += int(np.count_nonzero(portion.facts["rule"] != ACCEPTED))
                if not is_truncated:
                    count(portion.facts)
                self.progress(len(portion.text))

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


def manifest_document(manifest: Manifest) -> str:
    """JSON with seed, until, faults, and by dataset: records, distinct_keys, files, ledger and rejects (rows by rule).

    `ledger` is the dataset's line in the ledger after one run that starts after `until` and takes exactly these files into
    an empty warehouse; `rows_stale` and `rows_duplicate` are null where only their sum can be known. A truncated file
    is quarantined as a whole, and its records count nowhere. Raises ValueError if `generate` ran without `expect`.
    """
    document = {
        "seed": manifest.seed,
        "until": manifest.until.isoformat(),
        "faults": dict(manifest.faults.rates),
        "datasets": {each.dataset: _dataset(each) for each in manifest.datasets},
    }
    return json.dumps(document, indent=2) + "\n"


def _dataset(generated: Generated) -> dict[str, Any]:
    if generated.expected is None:
        raise ValueError(
            f"the ledger's line for {generated.dataset} was not computed; call generate with expect=True"
        )
    ledger = asdict(generated.expected)
    rejects = ledger.pop("rejects")
    return {
        "records": generated.records,
        "distinct_keys": generated.distinct_keys,
        "ledger": ledger,
        "rejects": rejects,
        "files": [asdict(file) for file in generated.files],
    }
