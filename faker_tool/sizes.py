"""How much of a load each dataset gets."""

import re
from collections.abc import Sequence

import humanfriendly

from catalog import Dataset

SMALLEST_SIZE = 100_000
"""Bytes: below it a single record is too long to come within 2% of the wanted size."""

_SIZE = re.compile(r"\s*\d+(\.\d+)?\s*([kmgtp]i?b?|b|bytes?)?\s*", re.IGNORECASE)


def size_in_bytes(text: str) -> int:
    """At least 1, from texts like 500kB or 11.4GB; ValueError for any other."""
    # humanfriendly would take 1GBx for 1GB
    size = int(humanfriendly.parse_size(text)) if _SIZE.fullmatch(text) else 0
    if size < 1:
        raise ValueError(f"{text!r} is not a size; write it like 500kB, 100MB or 11.4GB")
    return size


def planned_bytes(datasets: Sequence[Dataset], *, size: int | None, records: int | None) -> dict[str, int]:
    """Bytes by dataset name: `size` split so that all get about equally many records, or those `records` take.

    ValueError unless exactly one of the two is given, and large enough.
    """
    from faker_tool.columns import RECORD_BYTES  # noqa: PLC0415 - it loads Arrow, which reading a size need not

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
