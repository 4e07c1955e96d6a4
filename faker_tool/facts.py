"""What the pipeline's accounting needs to know of a record."""

import numpy as np
import numpy.typing as npt

from faker_tool.chunk import ROWS, Chunk
from faker_tool.dates import versions
from faker_tool.numbers import keys

Facts = npt.NDArray[np.void]
"""One entry for each record, of type FACT."""

FACT = np.dtype(
    [
        ("key", np.int32),
        ("version", np.int64),
        ("content", np.int64),
        ("repeat", np.bool_),
        ("rule", np.uint8),
    ]
)
"""`version` is the capture time in microseconds since 1970. Records are equal if `key`, `version` and `content` are;
`repeat` says that the record is made to be equal to an earlier one. `rule` is the position in RULE_NAMES of the one that
the record breaks, or ACCEPTED."""

RULE_NAMES = ("", "field_count", "quoting", "encoding", "required", "type", "range", "too_long")
ACCEPTED = 0


def facts_of(chunk: Chunk, number: int) -> Facts:
    """Of the records of chunk `number`, none of which is like any other."""
    facts = np.zeros(ROWS, FACT)
    facts["key"] = keys(chunk)
    facts["version"] = versions(chunk)
    facts["content"] = np.arange(number * ROWS, (number + 1) * ROWS)
    return facts
