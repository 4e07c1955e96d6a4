"""Names and contents of the landing files."""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog import Dataset
from landing.bucket import Bytes

_GZIP = zlib.MAX_WBITS | 16
_FAST = 1


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How files are named and packed.

    `reviews.csv`, or with `parts` `reviews/part-00000.csv` and so on; `.csv.gz` with `compress`.
    """

    parts: bool
    compress: bool

    @property
    def _suffix(self) -> str:
        return ".csv.gz" if self.compress else ".csv"

    def stem(self, dataset: Dataset) -> str:
        """What the names of all files of the dataset begin with."""
        return f"{dataset.landing_name}/part-" if self.parts else dataset.landing_name

    def name(self, dataset: Dataset, number: int) -> str:
        """File `number`, from 0, of the dataset; without parts there is only one."""
        return self.stem(dataset) + (f"{number:05}" if self.parts else "") + self._suffix

    def is_name(self, dataset: Dataset, name: str) -> bool:
        """Whether some file of the dataset has this name."""
        digits = r"\d+" if self.parts else ""
        return bool(re.fullmatch(re.escape(self.stem(dataset)) + digits + re.escape(self._suffix), name))


def gzipped(blocks: Iterable[Bytes], *, truncated: bool) -> Iterator[bytes]:
    """The blocks as one gzip file, of which the end is missing if it is `truncated`.

    It holds neither name nor time: equal blocks give equal files.
    """
    packer = zlib.compressobj(_FAST, wbits=_GZIP)
    for block in blocks:
        yield packer.compress(block)
    yield packer.flush(zlib.Z_SYNC_FLUSH if truncated else zlib.Z_FINISH)
