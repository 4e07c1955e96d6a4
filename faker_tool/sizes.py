"""How much of a load each dataset gets."""

from collections.abc import Sequence

from catalog import Dataset
from faker_tool.columns import RECORD_BYTES

SMALLEST_SIZE = 100_000
"""In bytes. In a smaller load, a single record is too long to come within 2% of the wanted size."""


def planned_bytes(datasets: Sequence[Dataset], *, size: int | None, records: int | None) -> dict[str, int]:
    """Bytes by dataset name.

    `size` is split so that all datasets get about equally many records; `records` gives each dataset that many records.
    Raises ValueError unless exactly one of `size` and `records` is given and large enough.
    """
    if size is not None and records is None:
        if size < SMALLEST_SIZE:
            raise ValueError(f"a size of {size} bytes is too small; ask for {SMALLEST_SIZE} or more")
        whole = sum(RECORD_BYTES[each.name] for each in datasets)
        return {each.name: size * RECORD_BYTES[each.name] // whole for each in datasets}
    if records is not None and size is None:
        if records < 1:
            raise ValueError(f"{records} records were asked for; ask for 1 or more")
        return {each.name: records * RECORD_BYTES[each.name] for each in datasets}
    found = "neither was" if size is None else "both were"
    raise ValueError(f"give either a size or a number of records; {found} given")
